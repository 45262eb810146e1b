"""Rules by which the site misbehaves, so that a client can show how it takes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from demo.site import refusals
from demo.site.answers import Answer, bare_page, refused
from demo.site.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.site.calls import Call
    from demo.site.commands import FaultRule, Match

_RATE_LIMIT = (("x-ratelimit-limit", "600000"), ("x-ratelimit-remaining", "0"))
_RESET_S = 394


@dataclass(slots=True)
class _Armed:
    """A rule and how often it has matched."""

    rule: FaultRule
    matched: int = 0

    def fires(self, call: Call) -> bool:
        """Count a match, and tell if the rule acts on it."""
        if not _fits(self.rule.match, call):
            return False
        self.matched += 1
        past = self.matched - self.rule.skip
        return past > 0 and (self.rule.times is None or past <= self.rule.times)


class FaultRules:
    """The rules in force."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, rules: Iterable[FaultRule]) -> None:
        """Put rules in force, after those that are."""
        self._armed += [_Armed(rule) for rule in rules]

    def clear(self) -> None:
        """Drop all rules."""
        self._armed.clear()

    def firing(self, call: Call) -> list[FaultRule]:
        """Give the rules that act on this request."""
        return [armed.rule for armed in self._armed if armed.fires(call)]


def replacing(rules: Iterable[FaultRule], call: Call) -> Answer | None:
    """Give the answer that a rule puts in the place of the right one, if any does."""
    for rule in rules:
        answer = _replaced(rule, call)
        if answer is not None:
            return answer
    return None


def spoil(answer: Answer, rules: Iterable[FaultRule]) -> Answer:
    """Give the right answer as the rules leave it."""
    for rule in rules:
        answer = _spoiled(answer, rule)
    return answer


def _fits(match: Match, call: Call) -> bool:
    wanted = (
        (match.method, call.http_method),
        (match.kind, call.target.kind),
        (match.doctype, call.doctype),
        (match.parent, call.parent),
    )
    if any(expected not in (None, found) for expected, found in wanted):
        return False
    if match.path_regex is not None and not re.search(match.path_regex, call.path):
        return False
    return match.contains is None or match.contains in call.text()


def _replaced(rule: FaultRule, call: Call) -> Answer | None:
    version = call.target.version
    if rule.action == "status":
        text = f"{rule.exc_type}: {rule.message or 'a fault was asked for'}"
        refusal = Refusal(rule.status, rule.exc_type, text, rule.message)
        return _retry_after(refused(refusal, version, call.accept), rule)
    if rule.action == "throttle":
        answer = refused(refusals.throttled(), version, call.accept)
        reset = ("x-ratelimit-reset", str(rule.retry_after or _RESET_S))
        return _retry_after(answer.with_headers(*_RATE_LIMIT, reset), rule)
    if rule.action == "maintenance":
        return replace(refused(refusals.stopped(), version, call.accept), cookies=())
    if rule.action == "unauthorized":
        return refused(refusals.wrong_credentials(), version, call.accept)
    if rule.action == "html":
        return _retry_after(bare_page(rule.status, _title(rule.status), rule.message or ""), rule)
    return None


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)


def _retry_after(answer: Answer, rule: FaultRule) -> Answer:
    if rule.retry_after is None:
        return answer
    return answer.with_headers(("retry-after", str(rule.retry_after)))


def _spoiled(answer: Answer, rule: FaultRule) -> Answer:
    answer = answer.with_headers(*rule.headers.items())
    half = len(answer.body) // 2
    if rule.action == "cut":
        return replace(answer, sent_bytes=half if rule.sent_bytes is None else rule.sent_bytes)
    if rule.action == "garbage":
        body = answer.body[:half] if rule.body is None else rule.body.encode()
        return replace(answer, status=200, body=body)
    if rule.action == "keyless":
        return replace(answer, body=b"{}")
    if rule.action == "blank":
        return replace(answer, body=b"")
    if rule.action in ("empty", "truncate"):
        return replace(answer, body=_first_rows(answer.body, rule.rows))
    return answer


def _first_rows(body: bytes, rows: int) -> bytes:
    decoded = msgspec.json.decode(body)
    shortened = {
        key: value[:rows] if isinstance(value, list) else value for key, value in decoded.items()
    }
    return msgspec.json.encode(shortened)
