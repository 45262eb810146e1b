"""How many requests the site answered, by what they were about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.site.answers import Answer
    from demo.site.calls import Call

_Subject = tuple[str, str, str | None, str | None, str | None]


class RequestStats:
    """Counts per HTTP method, kind, DocType, parent and method name."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start anew."""
        self._requests: Counter[_Subject] = Counter()
        self._rows: Counter[_Subject] = Counter()
        self._statuses: Counter[int] = Counter()

    def record(self, call: Call, answer: Answer) -> None:
        """Count an answer."""
        subject = (
            call.http_method,
            call.target.kind,
            call.doctype,
            call.parent,
            call.target.method,
        )
        self._requests[subject] += 1
        self._rows[subject] += answer.effort.rows
        self._statuses[answer.status] += 1

    def report(self) -> dict[str, Any]:
        """Give the counts as JSON."""
        names = ("http_method", "kind", "doctype", "parent", "method")
        return {
            "total": sum(self._requests.values()),
            "statuses": {str(status): number for status, number in self._statuses.items()},
            "requests": [
                {
                    **dict(zip(names, subject, strict=True)),
                    "requests": number,
                    "rows": self._rows[subject],
                }
                for subject, number in self._requests.items()
            ],
        }
