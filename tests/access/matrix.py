"""The matrix: every route of the site, and what each kind of person is answered there. One line a route.

A study's page that hangs off /admin/annotations/study/<id>/ takes `study_page(VIEW)` or `study_page(COORDINATE)`.
"""

from tests.access.answers import (
    ABSENT_TO_STAFF,
    ANYONE,
    API_OF_STAFF,
    API_VIEW,
    CHANGE,
    COORDINATE,
    IN_A_VISIT,
    NOBODY,
    OF_ONE_VISIT,
    OF_SET_UP,
    OF_STAFF,
    OPERATE,
    OPERATE_REFUSED,
    REFUSED_TO_ALL,
    REFUSED_TO_STAFF,
    SET_UP_ABSENT,
    VIEW,
    Answers,
    Route,
    api_rows,
    read_only,
    route,
)

_TASK = "visit/tasks/<uuid:public_id>/"
_STUDY = "admin/annotations/study/"
_SLUG = "[-a-zA-Z0-9_]+"
_ACCOUNT = "admin/auth/user/"


def study_page(get: Answers, post: Answers | None = None) -> Route:
    """A page of a study; a POST takes the same role unless it says otherwise."""
    return route(get=get, post=post or get, study_id="study")


PARTICIPANTS: dict[str, Route] = {
    "study/<slug:slug>/": route(get=ANYONE, slug="slug"),
    "study/<slug:slug>/start": route(post=ANYONE, slug="slug"),
    "visit/": route(get=IN_A_VISIT),
    "visit/consent": route(get=IN_A_VISIT, post=IN_A_VISIT),
    "visit/declined": route(get=IN_A_VISIT),
    "visit/tutorial": route(get=IN_A_VISIT, post=IN_A_VISIT),
    "visit/tutorial/look": route(post=IN_A_VISIT),
    "visit/tutorial/phrases": route(post=IN_A_VISIT),
    "visit/check": route(get=IN_A_VISIT, post=IN_A_VISIT),
    "visit/not-passed": route(get=IN_A_VISIT),
    "visit/classes": route(get=IN_A_VISIT),
    "visit/classes/pick": route(post=NOBODY),  # no task is numbered 0
    "visit/tasks/<uuid:public_id>/move": route(post=OF_ONE_VISIT, public_id="assignment_id"),
    _TASK: route(get=OF_ONE_VISIT, public_id="assignment_id"),
    f"{_TASK}begin": route(post=OF_ONE_VISIT, public_id="assignment_id"),
    f"{_TASK}phrases": route(post=OF_ONE_VISIT, public_id="assignment_id"),
    f"{_TASK}phrases/<uuid:client_uuid>": route(get=OF_ONE_VISIT, public_id="assignment_id", client_uuid="phrase_uuid"),
    f"{_TASK}phrases/<uuid:client_uuid>/threshold": route(
        post=OF_ONE_VISIT, public_id="assignment_id", client_uuid="phrase_uuid"
    ),
    f"{_TASK}phrases/<uuid:client_uuid>/judgement": route(
        post=OF_ONE_VISIT, public_id="assignment_id", client_uuid="phrase_uuid"
    ),
    f"{_TASK}done": route(post=OF_ONE_VISIT, public_id="assignment_id"),
    f"{_TASK}keywords": route(post=OF_ONE_VISIT, public_id="assignment_id"),
    "visit/end": route(get=IN_A_VISIT, post=IN_A_VISIT),
    "visit/withdraw": route(get=IN_A_VISIT),
    "withdraw/<uuid:public_id>": route(get=NOBODY, post=NOBODY, public_id="session_id"),  # without the key
    "your-visit/<uuid:public_id>": route(get=NOBODY, public_id="session_id"),  # without the key
    "your-visit/<uuid:public_id>/data": route(get=NOBODY, public_id="session_id"),
    "visit/spans": route(post=IN_A_VISIT),
    "images/<int:dataset_id>/<str:key>/<int:expires>/<str:signature>": route(
        get=OF_ONE_VISIT, dataset_id="dataset", key="image_key", expires="image_expires", signature="image_signature"
    ),
    "language": route(post=ANYONE),
    "livez": route(get=ANYONE),
    "readyz": route(get=ANYONE),
    "metrics": route(get=NOBODY),  # without the token
    "prolific/webhook": route(post=NOBODY),  # without a signature
}

API: dict[str, Route] = {
    "api/v1/schema/": route(get=ANYONE),
    "api/v1/docs/": route(get=ANYONE),
    **api_rows("studies", "slug", "slug", _SLUG),
    f"api/v1/^studies/(?P<slug>{_SLUG})/export/$": route(get=API_VIEW, slug="slug"),
    "api/v1/studies/<slug:slug>/tables/": route(get=API_VIEW, slug="slug"),
    "api/v1/studies/<slug:slug>/tables/<slug:name>/": route(get=API_VIEW, slug="slug", name="phrases"),
    "api/v1/studies/<slug:slug>/releases/": route(get=API_VIEW, slug="slug"),
    "api/v1/studies/<slug:slug>/releases/<int:number>/file/": route(get=API_VIEW, slug="slug", number="1"),
    **api_rows("tasks", "pk", "task"),
    **api_rows("datasets", "pk", "dataset", page=API_OF_STAFF),
    **api_rows("base-models", "pk", "basemodel", page=API_OF_STAFF),
    "api/v1/": route(get=NOBODY, post=NOBODY),
}

SITE: dict[str, Route] = {
    "admin/": route(get=OF_STAFF),
    "admin/login/": route(get=ANYONE, post=ANYONE),
    "admin/logout/": route(post=ANYONE),
    "admin/two-factor/": route(get=OF_STAFF, post=OF_STAFF),
    "admin/two-factor/passkeys/add/begin/": route(post=REFUSED_TO_ALL),
    "admin/two-factor/passkeys/add/": route(post=REFUSED_TO_ALL),
    "admin/two-factor/passkeys/use/begin/": route(post=API_OF_STAFF),
    "admin/two-factor/passkeys/use/": route(post=API_OF_STAFF),
    "admin/two-factor/passkeys/words/": route(get=ANYONE),
    "admin/jobs/": route(get=SET_UP_ABSENT, post=ABSENT_TO_STAFF),  # there is no job without a number
    "admin/audit/": route(get=OPERATE),
    "admin/tokens/": route(get=OF_STAFF, post=OF_STAFF),
    "admin/upload-permission/": route(get=SET_UP_ABSENT),
    "admin/uploads/data-set/": route(get=SET_UP_ABSENT, post=SET_UP_ABSENT),
    "admin/uploads/data-sets/<int:pk>/predictions/": route(get=SET_UP_ABSENT, post=SET_UP_ABSENT, pk="dataset"),
    "admin/uploads/studies/<int:pk>/submissions/": route(get=COORDINATE, post=COORDINATE, pk="study"),
    "admin/^uploads/": route(get=ABSENT_TO_STAFF, post=ABSENT_TO_STAFF),
    "admin/password_change/": route(get=OF_STAFF, post=OF_STAFF),
    "admin/password_change/done/": route(get=OF_STAFF),
    "admin/autocomplete/": route(get=REFUSED_TO_STAFF),
    "admin/jsi18n/": route(get=OF_STAFF),
    "admin/r/<path:content_type_id>/<path:object_id>/": route(get=ABSENT_TO_STAFF, content_type_id="1", object_id="1"),
    "admin/^(?P<app_label>annotations|auth)/$": route(get=OF_STAFF, app_label="annotations"),
    "admin/(?P<url>.*)$": route(get=ABSENT_TO_STAFF, url="nothing/"),
    _ACCOUNT: route(get=OPERATE_REFUSED),
    f"{_ACCOUNT}add/": route(get=OPERATE_REFUSED, post=OPERATE_REFUSED),
    f"{_ACCOUNT}<id>/password/": route(get=OPERATE_REFUSED, post=OPERATE_REFUSED, id="account"),
    f"{_ACCOUNT}<path:object_id>/": route(get=OF_STAFF, object_id="account"),
    f"{_ACCOUNT}<path:object_id>/change/": route(get=OPERATE_REFUSED, post=OPERATE_REFUSED, object_id="account"),
    f"{_ACCOUNT}<path:object_id>/delete/": route(get=OPERATE_REFUSED, post=OPERATE_REFUSED, object_id="account"),
    f"{_ACCOUNT}<path:object_id>/history/": route(get=OPERATE_REFUSED, object_id="account"),
}

ROWS: dict[str, Route] = {
    **read_only("annotationsession"),
    "admin/annotations/annotationsession/<int:pk>/screens/<int:event_id>/": route(
        get=VIEW, pk="annotationsession", event_id="screen"
    ),
    **read_only("assignment"),
    **read_only("phrase"),
    "admin/annotations/phrase/<int:pk>/screen/": route(get=VIEW, pk="phrase"),
    **read_only("run"),
    **read_only("event"),
    # The library: everybody on the staff reads it, since whoever sets a study up chooses among all of it.
    **read_only("dataset", page=OF_STAFF, refused=REFUSED_TO_STAFF),
    "admin/annotations/dataset/<int:pk>/images/": route(get=OF_STAFF, post=OF_STAFF, pk="dataset"),
    "admin/annotations/dataset/<int:pk>/images/index/": route(get=SET_UP_ABSENT, post=SET_UP_ABSENT, pk="dataset"),
    "admin/annotations/dataset/<path:object_id>/change/": route(get=OF_STAFF, post=SET_UP_ABSENT, object_id="dataset"),
    **read_only("basemodel", page=OF_STAFF, refused=REFUSED_TO_STAFF),
    **read_only("pool", page=OF_STAFF, refused=REFUSED_TO_STAFF),
    "admin/annotations/pool/new/": route(get=SET_UP_ABSENT, post=SET_UP_ABSENT),
    "admin/annotations/pool/<path:object_id>/change/": route(get=OF_STAFF, post=SET_UP_ABSENT, object_id="pool"),
    "admin/annotations/basemodel/<path:object_id>/change/": route(
        get=OF_STAFF, post=SET_UP_ABSENT, object_id="basemodel"
    ),
    **read_only("datasetimport", page=OF_STAFF, refused=REFUSED_TO_STAFF),
    "admin/annotations/datasetimport/<path:object_id>/change/": route(
        get=OF_STAFF, post=SET_UP_ABSENT, object_id="datasetimport"
    ),
    "admin/annotations/datasetimport/new/": route(get=SET_UP_ABSENT),
    "admin/annotations/run/<int:pk>/head/": route(get=VIEW, pk="refused_run"),
}

STUDIES: dict[str, Route] = {
    _STUDY: route(get=OF_STAFF),
    f"{_STUDY}add/": route(get=OF_SET_UP, post=OF_SET_UP),
    f"{_STUDY}ranking/<int:model_id>/": route(get=OF_SET_UP, post=OF_SET_UP, model_id="basemodel"),
    f"{_STUDY}<path:object_id>/": route(get=OF_STAFF, object_id="draft"),
    f"{_STUDY}<path:object_id>/change/": route(get=VIEW, post=CHANGE, object_id="draft"),
    f"{_STUDY}<path:object_id>/delete/": route(get=CHANGE, post=CHANGE, object_id="draft"),
    f"{_STUDY}<path:object_id>/history/": route(get=VIEW, object_id="draft"),
    f"{_STUDY}<int:pk>/step/<slug:name>/": route(get=COORDINATE, post=COORDINATE, pk="study", name="pause"),
    f"{_STUDY}<int:study_id>/export/": route(get=VIEW, study_id="study"),
    f"{_STUDY}<int:study_id>/setup/": route(get=VIEW, post=CHANGE, study_id="draft"),
    f"{_STUDY}<int:study_id>/members/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/audit/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/monitor/": study_page(VIEW, post=ABSENT_TO_STAFF),  # of no alarm
    f"{_STUDY}<int:study_id>/reconciliation/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/submission/": study_page(COORDINATE),  # of none: it leads to the reconciliation
    f"{_STUDY}<int:study_id>/payments/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/moderation/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/concepts/": study_page(VIEW, post=COORDINATE),
    f"{_STUDY}<int:study_id>/group_images/": study_page(VIEW),
    f"{_STUDY}<int:study_id>/correction/": study_page(VIEW, post=COORDINATE),
    f"{_STUDY}<int:study_id>/gathering/": study_page(VIEW, post=COORDINATE),
    f"{_STUDY}<int:study_id>/image_review/": study_page(COORDINATE, post=ABSENT_TO_STAFF),  # of no gathering
    f"{_STUDY}<int:study_id>/withdrawals/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/preflight/": study_page(VIEW),
    f"{_STUDY}<int:study_id>/rehearsal/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/invitations/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/annotate/": study_page(VIEW),
    f"{_STUDY}<int:study_id>/classes/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/amend/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/on_prolific/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/clone/": study_page(COORDINATE),
    f"{_STUDY}<int:study_id>/results/": study_page(VIEW, post=COORDINATE),
    f"{_STUDY}<int:study_id>/releases/": study_page(VIEW),
    f"{_STUDY}<int:study_id>/release_file/": study_page(VIEW),
}

MATRIX: dict[str, Route] = {**PARTICIPANTS, **API, **SITE, **ROWS, **STUDIES}
