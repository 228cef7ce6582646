"""Rows that events did not carry until now come into the log once, so that it tells of them too (decision 0010).

The definitions are those of `services/logged_tables` at this version, as far as the log lacked them.
"""

from collections import defaultdict
from itertools import islice

from django.db import migrations

from annotations.services.logs.event_payloads import plain_json
from annotations.services.logs.identities import new_sealed_key, seal_under

CARRIED_OVER = "carried_over"
AT_ONCE = 100  # visits
OF_A_PHRASE = ("phrase__assignment__public_id", "phrase__ordinal")


def columns(names="", **paths):
    return {**{name: name for name in names.split()}, **paths}


# Name, model, way to the study, key, plain, personal; a draft's material is not in the log.
OF_STUDIES = (
    (
        "study",
        "Study",
        "pk",
        ("pk",),
        columns("slug title state audience new_concept_chance created_at opened_at closed_at"),
    ),
    ("configuration", "StudyConfiguration", "study", ("version",), columns("data digest created_at")),
    (
        "condition",
        "Condition",
        "study",
        ("position",),
        columns("name show_suggestions suggest_rewordings show_goal"),
    ),
    (
        "task",
        "Task",
        "study",
        ("position",),
        columns(
            "target_class text_template suggested_words min_phrases max_phrases time_limit_s",
            base_model="base_model__name",
            dataset="base_model__dataset__digest",
        ),
    ),
    (
        "correction",
        "Correction",
        "study",
        ("public_id",),
        columns(
            "state error scheme effects ablations loss certified_gap code_version versions review created_at "
            "finished_at reviewed_at review_reason",
            id="pk",
            base_model="base_model__name",
            second="second_base_model__name",
            second_dataset="second_base_model__dataset__digest",
        ),
    ),
    (
        "correction_part",
        "CorrectionPart",
        "correction__study",
        ("correction__public_id", "target_class"),
        columns(
            "threshold by_hand",
            assignment="score__phrase__assignment__public_id",
            ordinal="score__phrase__ordinal",
            visit="score__phrase__assignment__session_id",
        ),
    ),
)
# Name, model, way to the visit, key, plain, personal.
OF_VISITS = (
    ("session", "AnnotationSession", "pk", ("pk",), columns(person="participant_id"), {}),
    ("consent", "Consent", "session", ("session_id",), columns("agreed version language answered_at"), {}),
    (
        "allocation",
        "Allocation",
        "session",
        ("session_id",),
        columns(
            "order counts seed state allocated_at lease_expires_at ended_at release_reason", condition="condition__name"
        ),
        {},
    ),
    (
        "device_report",
        "DeviceReport",
        "session",
        ("session_id", "reported_at"),
        {},
        columns("client_uuid has_script images_load screen_width screen_height pixel_ratio touch round_trip_ms"),
    ),
    (
        "practice_phrase",
        "PracticePhrase",
        "session",
        ("session_id", "ordinal"),
        columns("client_uuid submitted_at"),
        columns("text value"),
    ),
    (
        "check_attempt",
        "CheckAttempt",
        "session",
        ("session_id", "number"),
        columns("client_uuid answers n_wrong answered_at"),
        {},
    ),
    (
        "end_answer",
        "EndAnswer",
        "session",
        ("session_id", "number"),
        columns("question language answered_at"),
        columns("answer"),
    ),
    (
        "span",
        "Span",
        "session",
        ("session_id", "client_uuid"),
        columns("opening kind image_key began_at ended_at received_at", assignment="assignment__public_id"),
        {},
    ),
    ("phrase", "Phrase", "assignment__session", ("assignment__public_id", "ordinal"), columns(id="pk"), {}),
    (
        "reply",
        "Reply",
        "phrase__assignment__session",
        (*OF_A_PHRASE, "kind", "client_uuid"),
        columns("said made_at received_at took_effect"),
        {},
    ),
)


def carry_over(apps, schema_editor):
    """One event for each study that was opened, and one for each visit."""
    for study in apps.get_model("annotations", "Study").objects.exclude(state="draft").order_by("pk"):
        _carry_study(apps, study)
    found = apps.get_model("annotations", "AnnotationSession").objects.order_by("pk")
    visits = found.select_related("study", "participant").iterator(AT_ONCE)
    while some := list(islice(visits, AT_ONCE)):
        _carry_visits(apps, some)


def _carry_study(apps, study):
    rows = defaultdict(dict)
    for name, model, way, key, plain in OF_STUDIES:
        for row in _rows(apps, model, {way: study.pk}, (*key, *plain.values())):
            rows[name][_key(row, key)] = _read(row, plain)
    untrained = [key for key, row in rows.get("correction", {}).items() if not row["code_version"]]
    for key in untrained:
        del rows["correction"][key]
    kept = rows.get("correction", {})
    parts = rows.pop("correction_part", {})
    rows["correction_part"] = {key: part for key, part in parts.items() if key.split(" / ")[0] in kept}
    told = {name: by_key for name, by_key in rows.items() if by_key}
    apps.get_model("annotations", "Event").objects.create(
        study=study, kind=CARRIED_OVER, payload={"changed_rows": told}
    )


def _carry_visits(apps, visits):
    """A query a table for all of them: one of its own for each visit takes minutes on a large site."""
    rows = {visit.pk: defaultdict(dict) for visit in visits}
    personal = {visit.pk: defaultdict(dict) for visit in visits}
    for name, model, way, key, plain, sealed in OF_VISITS:
        for row in _rows(apps, model, {f"{way}__in": list(rows)}, (way, *key, *plain.values(), *sealed.values())):
            rows[row[way]][name][_key(row, key)] = _read(row, plain)
            if sealed:
                personal[row[way]][name][_key(row, key)] = _read(row, sealed)
    for visit in visits:
        _add_person(visit, rows[visit.pk], personal[visit.pk])
    keys = _keys(apps, [visit for visit in visits if personal[visit.pk] and visit.study.pseudonym_key])
    apps.get_model("annotations", "Event").objects.bulk_create(
        _event(apps, visit, rows[visit.pk], personal[visit.pk], keys) for visit in visits
    )


def _add_person(visit, rows, personal):
    person = visit.participant
    named = {"pseudonym": person.pseudonym}
    told = {"created_at": person.created_at, "erased_at": person.erased_at}
    rows["participant"][str(person.pk)] = {name: plain_json(value) for name, value in told.items()}
    if person.erased_at is None:
        personal["participant"][str(person.pk)] = named
    else:  # random names, which lead to nobody
        rows["participant"][str(person.pk)] |= named
        rows["session"][str(visit.pk)] |= {"participant": person.pseudonym, "session": visit.submission_key}


def _keys(apps, visits):
    """The keys of the visits' people, by study and pseudonym; those that are not there yet are made."""
    model = apps.get_model("annotations", "IdentityKey")
    people = {(visit.study_id, visit.participant.pseudonym) for visit in visits}

    def found():
        kept = model.objects.filter(study__in={pk for pk, _ in people}, pseudonym__in={name for _, name in people})
        return {(key.study_id, key.pseudonym): key for key in kept}

    missing = people - found().keys()
    model.objects.bulk_create(model(study_id=pk, pseudonym=name, sealed_key=new_sealed_key()) for pk, name in missing)
    return found()


def _event(apps, visit, rows, personal, keys):
    payload, sealed = {"changed_rows": rows}, None
    key = keys.get((visit.study_id, visit.participant.pseudonym)) if personal else None
    if key is not None:
        payload["sealed_under"] = key.pk
        sealed = seal_under(bytes(key.sealed_key), personal)
    elif personal:  # the retention period is over: it says that there is something that no key can tell
        sealed = b""
    return apps.get_model("annotations", "Event")(
        study_id=visit.study_id, session_id=visit.pk, kind=CARRIED_OVER, payload=payload, sealed=sealed
    )


def _rows(apps, model, of, paths):
    rows = apps.get_model("annotations", model).objects.filter(**of).order_by("pk")
    return rows.values(*dict.fromkeys(paths)).iterator(2_000)


def _key(row, key):
    return " / ".join(str(plain_json(row[path])) for path in key)


def _read(row, paths):
    return {name: plain_json(row[path]) for name, path in paths.items()}


class Migration(migrations.Migration):
    dependencies = [("annotations", "0035_keep_each_reply_by_its_own_uuid")]
    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
