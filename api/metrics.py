"""Prometheus metrics: requests by route, and how fresh each ERP is.

Not Litestar's plugin: its middleware stands behind the router and so misses what strangers and
unknown paths get, and its collectors are global, one app per process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.documents.status import InstanceStatus

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
            "csa_documents", "Documents that are stored.", ("instance",), registry=self._registry
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

    def render(self, statuses: Iterable[InstanceStatus]) -> bytes:
        """Return all metrics in Prometheus's text format."""
        for status in statuses:
            verified = [one.verified_at for one in status.doctypes if one.documents]
            oldest = min((at.timestamp() if at else 0.0 for at in verified), default=0.0)
            self._documents.labels(status.instance).set(status.documents)
            self._verified.labels(status.instance).set(oldest)
        return generate_latest(self._registry)
