"""Addresses of the participants' pages, of thumbnails, and of the two probes."""

from django.urls import path

from annotations.datasets.web import thumbnail_files
from annotations.monitoring.web import health
from annotations.pages import language_switch as languages
from annotations.phrases.web import reply_answers as replies
from annotations.phrases.web import task_page as task
from annotations.prolific.web import webhooks
from annotations.visits.web import (
    before_tasks,
)
from annotations.visits.web import (
    end_page as end,
)
from annotations.visits.web import (
    entry_pages as entry,
)
from annotations.visits.web import (
    expert_pages as experts,
)
from annotations.visits.web import (
    span_reports as time_spans,
)
from annotations.visits.web import (
    withdrawal_page as withdrawal,
)

urlpatterns = [
    path("study/<slug:slug>/", entry.welcome, name="welcome"),
    path("study/<slug:slug>/start", entry.start, name="start"),
    path("visit/", entry.visit, name="visit"),
    path("visit/consent", before_tasks.consent, name="consent"),
    path("visit/declined", before_tasks.declined, name="declined"),
    path("visit/tutorial", before_tasks.tutorial, name="tutorial"),
    path("visit/tutorial/look", before_tasks.look, name="look"),
    path("visit/tutorial/phrases", before_tasks.practise, name="practise"),
    path("visit/check", before_tasks.check, name="check"),
    path("visit/not-passed", before_tasks.not_passed, name="not_passed"),
    path("visit/classes", experts.classes, name="classes"),
    path("visit/classes/pick", experts.pick, name="pick"),
    path("visit/tasks/<uuid:public_id>/", task.task, name="task"),
    path("visit/tasks/<uuid:public_id>/begin", task.begin, name="begin"),
    path("visit/tasks/<uuid:public_id>/keywords", task.show_keywords, name="show_keywords"),
    path("visit/tasks/<uuid:public_id>/phrases", task.submit_phrase, name="submit_phrase"),
    path("visit/tasks/<uuid:public_id>/phrases/<uuid:client_uuid>", task.phrase, name="phrase"),
    path(
        "visit/tasks/<uuid:public_id>/phrases/<uuid:client_uuid>/threshold",
        replies.choose_threshold,
        name="choose_threshold",
    ),
    path("visit/tasks/<uuid:public_id>/phrases/<uuid:client_uuid>/judgement", replies.judge, name="judge"),
    path("visit/tasks/<uuid:public_id>/move", experts.move, name="move"),
    path("visit/tasks/<uuid:public_id>/done", task.done, name="done"),
    path("visit/end", end.end, name="end"),
    path("visit/withdraw", withdrawal.withdraw_from_visit, name="withdraw_from_visit"),
    path("withdraw/<uuid:public_id>", withdrawal.withdraw, name="withdraw"),
    path("visit/spans", time_spans.report_spans, name="report_spans"),
    path("prolific/webhook", webhooks.prolific_webhook, name="prolific_webhook"),
    path(
        "images/<int:dataset_id>/<str:key>/<int:expires>/<str:signature>", thumbnail_files.thumbnail, name="thumbnail"
    ),
    path("language", languages.set_language, name="language"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
