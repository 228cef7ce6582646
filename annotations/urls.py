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
    end_page,
    entry_pages,
    expert_pages,
    return_page,
    span_reports,
    withdrawal_page,
)

urlpatterns = [
    path("study/<slug:slug>/", entry_pages.welcome, name="welcome"),
    path("study/<slug:slug>/start", entry_pages.start, name="start"),
    path("visit/", entry_pages.visit, name="visit"),
    path("visit/consent", before_tasks.consent, name="consent"),
    path("visit/declined", before_tasks.declined, name="declined"),
    path("visit/tutorial", before_tasks.tutorial, name="tutorial"),
    path("visit/tutorial/look", before_tasks.look, name="look"),
    path("visit/tutorial/phrases", before_tasks.practise, name="practise"),
    path("visit/check", before_tasks.check, name="check"),
    path("visit/not-passed", before_tasks.not_passed, name="not_passed"),
    path("visit/classes", expert_pages.classes, name="classes"),
    path("visit/classes/pick", expert_pages.pick, name="pick"),
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
    path("visit/tasks/<uuid:public_id>/move", expert_pages.move, name="move"),
    path("visit/tasks/<uuid:public_id>/done", task.done, name="done"),
    path("visit/end", end_page.end, name="end"),
    path("visit/withdraw", withdrawal_page.withdraw_from_visit, name="withdraw_from_visit"),
    path("withdraw/<uuid:public_id>", withdrawal_page.withdraw, name="withdraw"),
    path("your-visit/<uuid:public_id>", return_page.your_visit, name="your_visit"),
    path("your-visit/<uuid:public_id>/data", return_page.your_data, name="your_data"),
    path("visit/spans", span_reports.report_spans, name="report_spans"),
    path("prolific/webhook", webhooks.prolific_webhook, name="prolific_webhook"),
    path(
        "images/<int:dataset_id>/<str:key>/<int:expires>/<str:signature>", thumbnail_files.thumbnail, name="thumbnail"
    ),
    path("language", languages.set_language, name="language"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
