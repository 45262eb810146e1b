"""One sample site at work: a store behind credentials, with its pace, faults and statistics."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from demo.site import faults, refusals
from demo.site.answers import Answer, bare_page, refused
from demo.site.auth import Credentials, identify
from demo.site.calls import Call, read_params, read_target
from demo.site.control import Control
from demo.site.logins import DEMO_PASSWORD, METHODS, Logins, session_cookies
from demo.site.pace import ErpnextPace, OwnPace
from demo.site.refusals import Refusal
from demo.site.routes import answer_call
from demo.site.stats import RequestStats

if TYPE_CHECKING:
    from demo.site.auth import Caller
    from demo.site.dataset import Dataset

_MOST_LINE_BYTES = 4094
Pace = Literal["erpnext"]


class SampleSite:
    """What the ASGI app serves."""

    def __init__(
        self,
        dataset: Dataset,
        credentials: Credentials | None = None,
        pace: Pace | None = None,
        password: str = DEMO_PASSWORD,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.control = Control(dataset, faults.FaultRules(), RequestStats(), Logins(password))
        self._pace = ErpnextPace() if pace == "erpnext" else OwnPace()

    async def answer(self, call: Call) -> Answer:
        """Answer a request, at the site's pace."""
        return await self._pace.run(lambda: self._answer(call))

    async def _answer(self, call: Call) -> Answer:
        if call.line_bytes > _MOST_LINE_BYTES:
            text = f"Request Line is too large ({call.line_bytes} &gt; {_MOST_LINE_BYTES})"
            return bare_page(400, "Bad Request", text)
        call.target = read_target(call.http_method, call.path)
        unreadable = _read_into(call)
        rules = self.control.faults.firing(call)
        for rule in rules:
            self.control.change_all(rule.changes)
            await asyncio.sleep(rule.seconds)
        answer = faults.replacing(rules, call)
        if answer is None:
            answer = faults.spoil(self._right_answer(call, unreadable), rules)
        self.control.stats.record(call, answer)
        return answer

    def _right_answer(self, call: Call, unreadable: Refusal | None) -> Answer:
        session_expired = False
        try:
            store, logins = self.control.store, self.control.logins
            caller = identify(call.headers, self.credentials, logins, store)
            session_expired = caller.session_expired
            if unreadable is not None:
                return self._refused(unreadable, call)
            if call.target.method in METHODS:
                return logins.answer(store, caller, call)
            return self._with_cookies(answer_call(store, caller, call), caller)
        except Refusal as refusal:
            refusal.session_expired = session_expired
            return self._refused(refusal, call)
        except Exception as error:  # noqa: BLE001 - whatever a request breaks is a 500 of the site
            crash = refusals.crashed(type(error).__name__, f"{type(error).__name__}: {error}")
            return self._refused(crash, call)

    def _with_cookies(self, answer: Answer, caller: Caller) -> Answer:
        """Give the answer with the cookies of the caller's session, if they have one."""
        if not caller.sid:
            return answer
        user = self.control.store.document_table("User").find(caller.user)
        return replace(answer, cookies=session_cookies(user, caller.sid)) if user else answer

    def _refused(self, refusal: Refusal, call: Call) -> Answer:
        tracebacks = self.control.store.shows_tracebacks()
        answer = refused(refusal, call.target.version, call.accept, tracebacks=tracebacks)
        # Frappe sets cookies once it knows who calls, and a failed sign-in ends before.
        return replace(answer, cookies=()) if call.target.method in METHODS else answer

    def command(self, body: bytes) -> tuple[int, Any]:
        """Take a control request and give its status and result."""
        return self.control.take(body)


def _read_into(call: Call) -> Refusal | None:
    try:
        call.params = read_params(call)
    except Refusal as refusal:
        return refusal
    return None
