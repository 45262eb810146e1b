"""Prometheus metrics: requests by route, and how fresh each ERP is.

Not Litestar's plugin: its middleware stands behind the router and so misses what strangers and
unknown paths get, and its collectors are global, one app per process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.reading.instances import InstanceSummary

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The collectors of one app."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "csa_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "csa_http_request_seconds",
            "Time to the end of the answer.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._documents = Gauge(
            "csa_documents", "Documents that may be read.", ("instance",), registry=self._registry
        )
        self._verified = Gauge(
            "csa_verified_timestamp_seconds",
            "Every document was compared with the ERP then or later; 0: never.",
            ("instance",),
            registry=self._registry,
        )

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, never its path."""
        key = (method if method in METHODS else "other", route, status)
        if key not in self._children:
            requests = self._requests.labels(key[0], route, str(status))
            self._children[key] = (requests, self._seconds.labels(route))
        requests, times = self._children[key]
        requests.inc()
        times.observe(seconds)

    def render(self, summaries: Iterable[InstanceSummary]) -> bytes:
        """Return all metrics in Prometheus's text format."""
        for summary in summaries:
            verified = summary.verified_at.timestamp() if summary.verified_at else 0.0
            self._documents.labels(summary.instance).set(summary.documents)
            self._verified.labels(summary.instance).set(verified)
        return generate_latest(self._registry)
