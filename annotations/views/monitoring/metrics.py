"""Numbers for programs that watch the site, in Prometheus' text format."""

from collections.abc import Iterator
from itertools import groupby

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotations.readings.monitoring.metrics import Sample, samples


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What waits, since when, and who works, for who has the token; nothing is there for anybody else."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, settings.METRICS_TOKEN):
        raise Http404
    text = "".join(f"{line}\n" for line in _lines(samples(timezone.now())))
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _lines(found: Iterator[Sample]) -> Iterator[str]:
    for metric, of_metric in groupby(found, key=lambda sample: sample.metric):
        yield f"# HELP {metric.name} {metric.meaning}"
        yield f"# TYPE {metric.name} gauge"
        for sample in of_metric:
            label = f"{{{sample.label}}}" if sample.label else ""
            yield f"{metric.name}{label} {round(sample.value, 3)}"
