"""`/metrics` for Prometheus: counters that all processes add up in Redis, and gauges read at the moment of asking.

The numbers are those of the whole installation, so one web address is scraped, not each process.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.api.problems import problem_response
from apps.batches.models import BatchState, CodeBatch
from apps.batches.progress import find_progress
from apps.coordination.connection import CoordinationUnavailable, redis_errors
from apps.coordination.counting import Series, read_counters
from apps.miniprograms.models import MiniProgram
from apps.monitoring.access import MetricsClosed, demand_access
from apps.monitoring.database import recall_write_trouble
from apps.monitoring.listening import BUCKETS
from apps.monitoring.storage import recall_storage
from apps.monitoring.workers import find_workers
from apps.tokens.health import TokenState, find_health
from apps.tokens.heartbeat import find_beat_age
from apps.tokens.outgoing import find_left_alone

COUNTERS = {
    "token_events": ("Token refreshes and what came of them.", ("appid", "outcome")),
    "codes": ("Codes asked for, by result: issued, reused, or the code of the error.", ("appid", "result")),
    "calls_spared": ("Calls that were not made because the endpoint fails in a row.", ("appid", "endpoint")),
    "permit_wait_seconds": ("Seconds that calls waited for a permit.", ("pool",)),
    "permits": ("Permits asked for, by result: given or refused.", ("pool", "result")),
}


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text format of Prometheus; 403 for everybody whom no operator named."""
    try:
        demand_access(request)
    except MetricsClosed as closed:
        return problem_response(closed)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Installation())
    response = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


class Installation(Collector):
    """Every metric; what cannot be read is left out, and `wxcode_part_up` says which part is away."""

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("wxcode_part_up", "1 if the part answers.", labels=["part"])
        for part, read in (("redis", _from_redis), ("database", _from_database)):
            try:
                yield from read()
                up.add_metric([part], int(part != "database" or not recall_write_trouble()))
            except (CoordinationUnavailable, DatabaseError):
                up.add_metric([part], 0)
        up.add_metric(["storage"], int(not recall_storage().trouble))
        yield up


def _from_redis() -> list[Metric]:
    now = time.time()
    counters = read_counters()
    beat = GaugeMetricFamily("wxcode_beat_age_seconds", "Seconds since beat and a worker last refreshed tokens.")
    age = find_beat_age(now=now)
    if age is not None:
        beat.add_metric([], age)
    workers = GaugeMetricFamily("wxcode_worker_age_seconds", "Seconds since a worker was heard.", labels=["worker"])
    for name, seconds in find_workers(now=now).items():
        workers.add_metric([name], seconds)
    with redis_errors() as redis:
        length = redis.llen(settings.CELERY_TASK_DEFAULT_QUEUE)
    queue = GaugeMetricFamily("wxcode_queue_depth", "Tasks that wait for a worker.", value=length)
    circuits = GaugeMetricFamily(
        "wxcode_circuit_open", "1 while an endpoint is left alone.", labels=["appid", "endpoint"]
    )
    for each in find_left_alone():
        circuits.add_metric([each.appid, each.endpoint], 1)
    return [*_counted(counters), _upstream(counters), beat, workers, queue, circuits]


def _counted(counters: Mapping[Series, float]) -> Iterator[Metric]:
    for name, (text, labels) in COUNTERS.items():
        family = CounterMetricFamily(f"wxcode_{name}", text, labels=labels)
        for series, amount in sorted(counters.items()):
            if series[0] == name and len(series) == len(labels) + 1:
                family.add_metric(series[1:], amount)
        yield family


def _upstream(counters: Mapping[Series, float]) -> Metric:
    family = HistogramMetricFamily(
        "wxcode_upstream_seconds", "Seconds that WeChat took.", labels=["endpoint", "errcode"]
    )
    buckets: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for series, amount in counters.items():
        if series[0] == "upstream_bucket":
            buckets[series[1], series[2]][series[3]] = amount
    for labels, found in sorted(buckets.items()):
        total, cumulative = 0.0, []
        for limit in (*map(str, BUCKETS), "+Inf"):
            total += found.get(limit, 0)
            cumulative.append((limit, total))
        family.add_metric(labels, cumulative, counters.get(("upstream_sum", *labels), 0.0))
    return family


def _from_database() -> list[Metric]:
    return [*_tokens(), *_batches()]


def _tokens() -> list[Metric]:
    miniprograms = list(MiniProgram.objects.all())
    health = find_health(miniprograms)
    age = GaugeMetricFamily("wxcode_token_age_seconds", "Seconds since the token was fetched.", labels=["appid"])
    left = GaugeMetricFamily("wxcode_token_expires_seconds", "Seconds that the token lives on.", labels=["appid"])
    failures = GaugeMetricFamily("wxcode_token_failures", "Failed refreshes in a row.", labels=["appid", "errcode"])
    states = GaugeMetricFamily("wxcode_tokens", "Mini-programs by the state of their token.", labels=["state"])
    now, numbers = time.time(), dict.fromkeys(TokenState, 0)
    for appid, one in health.items():
        numbers[one.state] += 1
        if one.fetched_at is not None and one.expires_in is not None:
            age.add_metric([appid], max(now - one.fetched_at, 0.0))
            left.add_metric([appid], one.expires_in)
        if one.trouble is not None:
            errcode = str(one.trouble.errcode or one.trouble.problem["code"])
            failures.add_metric([appid, errcode], one.trouble.failures)
    for state, number in numbers.items():
        states.add_metric([state], number)
    return [age, left, failures, states]


def _batches() -> list[Metric]:
    waiting = GaugeMetricFamily("wxcode_batch_rows_waiting", "Rows of batches to be issued.", labels=["appid", "state"])
    speed = GaugeMetricFamily("wxcode_batch_rows_per_minute", "Speed of running batches.", labels=["appid"])
    live = CodeBatch.objects.filter(state__in=(BatchState.RUNNING, BatchState.HELD))
    rows = live.values("miniprogram__appid", "state").order_by("miniprogram__appid", "state")
    for row in rows.annotate(left=Sum("total") - Sum("issued") - Sum("failed")):
        waiting.add_metric([row["miniprogram__appid"], row["state"]], max(row["left"], 0))
    speeds: dict[str, int] = defaultdict(int)
    for batch in live.filter(state=BatchState.RUNNING).select_related("miniprogram"):
        speeds[batch.miniprogram.appid] += find_progress(batch).per_minute
    for appid, per_minute in sorted(speeds.items()):
        speed.add_metric([appid], per_minute)
    return [waiting, speed]
