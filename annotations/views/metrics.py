"""Numbers for programs that watch the site, in Prometheus' text format."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotations.readings import work_queue


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What waits, since when, and who works, for who has the token; nothing is there for anybody else."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, settings.METRICS_TOKEN):
        raise Http404
    now = timezone.now()
    lines: list[str] = []
    for row in work_queue.waiting_on_site(now):
        lines += [
            f"clarify_pending_{row.what} {row.n}",
            f"clarify_oldest_pending_{row.what}_seconds {row.oldest_s:.3f}",
        ]
    lines += [f'clarify_workers_alive{{queue="{row.queue}"}} {row.alive}' for row in work_queue.workers(now)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
