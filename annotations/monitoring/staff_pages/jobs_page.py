"""Jobs: what is under way and how long it may take, to be cancelled or tried again; for operators the workers too."""

import datetime as dt
import shutil
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from annotations.backups import last_backup as back_ups
from annotations.backups import postgres_tools
from annotations.base.version import CODE_VERSION
from annotations.log.unkept_withdrawals import n_unkept
from annotations.models import DatasetImport, JobState, Rehearsal, StudyAnalysis, WorkerHeartbeat
from annotations.models.jobs import UNFINISHED, Job
from annotations.monitoring import queue_health
from annotations.monitoring.listed_jobs import KINDS, listed_jobs
from annotations.pages.number_formats import row_number
from annotations.pages.site_pages import show_site_page
from annotations.queue import jobs
from annotations.staff import roles

REFRESH_S = 3
_NO_RETRY = (DatasetImport, Rehearsal, StudyAnalysis)  # their own pages ask for another


def page(request: HttpRequest) -> HttpResponse:
    """Show what a person may see of the jobs; a POST cancels one, or lets one be tried again."""
    if not roles.may_set_up(request.user):
        raise Http404
    if request.method == "POST":
        _act(request)
        return HttpResponseRedirect(request.path)
    now, is_operator = timezone.now(), roles.is_operator(request.user)
    context: dict[str, Any] = {
        "rows": [_row(request, job, now) for job in listed_jobs() if _may_see(request, job)],
        "refresh_s": REFRESH_S,
        "is_operator": is_operator,
    }
    if is_operator:
        disk = shutil.disk_usage(settings.DATA_ROOT) if settings.DATA_ROOT.exists() else None
        context |= {
            "waiting": queue_health.waiting(now),
            "queues": (queues := queue_health.workers(now)),
            "silent": queue_health.silent(queues),
            "workers": WorkerHeartbeat.objects.filter(heartbeat_at__gte=now - queue_health.ALIVE_WITHIN),
            "code_version": CODE_VERSION,
            "postgres_version": postgres_tools.server_version(),
            "back_up": back_ups.last(),
            "unkept_withdrawals": n_unkept() != 0 and settings.WITHDRAWALS_ROOT,
            "disk": disk,
            "disk_share": disk and disk.used / disk.total,
        }
    return show_site_page(request, "annotations/jobs", "Jobs and workers" if is_operator else "Jobs", **context)


def _act(request: HttpRequest) -> None:
    if (model := KINDS.get(request.POST.get("kind", ""))) is None:
        raise Http404
    job = get_object_or_404(model, pk=row_number(request.POST.get("job")))
    if not _may_act(request, job):
        raise Http404
    by = request.user.get_username()
    if request.POST.get("act") == "cancel":
        if not jobs.cancel(job, by):
            messages.error(request, f"{job} had ended already.")
    elif isinstance(job, _NO_RETRY) or not jobs.retry(job, by):
        messages.error(request, f"{job} cannot be tried again from here.")


def _row(request: HttpRequest, job: Job, now: dt.datetime) -> dict[str, Any]:
    """A job, its pace (of what its phase counts, a second; the seconds left of it) and what may be done to it."""
    may_act = _may_act(request, job)
    rate, left_s = job.pace(now)
    return {
        "job": job,
        "kind": job._meta.model_name,
        "rate": rate,
        "left_s": left_s,
        "is_unfinished": job.state in UNFINISHED,
        "by": job.requested_by if may_act or job.of_study else "somebody else",
        "may_cancel": may_act and job.state in UNFINISHED,
        "may_retry": may_act and job.state == JobState.FAILED and not isinstance(job, _NO_RETRY),
    }


def _may_see(request: HttpRequest, job: Job) -> bool:
    return job.of_study is None or roles.may(request.user, "view", job.of_study)


def _may_act(request: HttpRequest, job: Job) -> bool:
    """Whoever coordinates the study, or asked for the job; operators."""
    if job.of_study is not None:
        return roles.may(request.user, "coordinate", job.of_study)
    return roles.is_operator(request.user) or job.requested_by == request.user.get_username()
