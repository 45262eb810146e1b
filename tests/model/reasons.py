"""Why a lifetime left: what its tombstone may say of it.

What is true, or was true when the tombstone was written, may always be said. A later bearer of the
name leaves traces of its own, which nobody can tell from those of the one that left; a rename that
is told of and then taken back in silence is told of all the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tests.model.site import Lifetime, ModelSite, Trace

Reason = tuple[str, str | None]
VANISHED: Reason = ("vanished", None)
DELETED: Reason = ("deleted", None)
# MongoDB cuts times to milliseconds.
WITHIN_A_MILLISECOND = timedelta(microseconds=999)


def find_reasons(site: ModelSite, lifetime: Lifetime, buried_at: datetime) -> set[Reason]:
    """Return the reasons, and new names, that a tombstone of the lifetime may give.

    `buried_at`: when it was written.
    """
    doctype, name, creation = lifetime
    here = site.traces[doctype, name]
    own = [trace for trace in here if trace.creation == creation]
    others = [t for t in here if t.creation != creation and t.at > (creation or "")]
    reasons = _true_reasons(site, lifetime, own) | _renames_of_then(site, lifetime, own, buried_at)
    # Of a deletion with its trace nothing else may be said.
    return reasons if reasons == {DELETED} else reasons | _reasons_of_others(site, doctype, others)


def _true_reasons(site: ModelSite, lifetime: Lifetime, own: list[Trace]) -> set[Reason]:
    doctype, name, creation = lifetime
    reasons = {VANISHED, DELETED} if creation in site.once_hidden or not own else set()
    if not own:
        return reasons
    names = _names_after(site, doctype, name, creation)
    if any(trace.kind == "renamed" and (trace.told or trace is own[-1]) for trace in own):
        reasons |= {("renamed", each) for each in names}
    after = [t for each in names for t in site.traces[doctype, each] if t.creation == creation]
    ends = [own[-1]]
    if own[-1].kind == "renamed":
        ends += [trace for trace in after if trace.kind != "renamed"][-1:]
    kinds = {trace.kind for trace in ends}
    is_told = all(trace.told for trace in (*own, *after) if trace.kind == "renamed")
    lives = any(site.is_alive((doctype, each, creation)) for each in names)
    if "deleted" in kinds:
        reasons.add(DELETED)
    if "lost" in kinds or (own[-1].kind == "renamed" and not is_told and not lives):
        reasons.add(VANISHED)
    return reasons


def _renames_of_then(
    site: ModelSite, lifetime: Lifetime, own: list[Trace], buried_at: datetime
) -> set[Reason]:
    """Return the rename that was true when the tombstone was written and was taken back later."""
    doctype, name, creation = lifetime
    names = _names_after(site, doctype, name, creation)
    its = [t for each in names for t in site.traces[doctype, each] if t.creation == creation]
    then = site.clock.site_text_at(buried_at + WITHIN_A_MILLISECOND)
    before = [trace for trace in own if trace.at <= then]
    is_away = (
        before
        and before[-1].kind == "renamed"
        and not any(trace.to == name and before[-1].at < trace.at <= then for trace in its)
    )
    return {("renamed", each) for each in names} if is_away else set()


def _reasons_of_others(site: ModelSite, doctype: str, others: list[Trace]) -> set[Reason]:
    reasons = {DELETED} if any(trace.kind == "deleted" for trace in others) else set()
    for trace in others:
        if trace.kind == "renamed" and trace.told and trace.to:
            names = [trace.to, *_names_after(site, doctype, trace.to, None)]
            reasons |= {("renamed", each) for each in names}
            later = (t for each in names for t in site.traces[doctype, each] if t.at > trace.at)
            if any(t.kind == "deleted" for t in later):
                reasons.add(DELETED)
    return reasons


def _names_after(site: ModelSite, doctype: str, name: str, creation: str | None) -> list[str]:
    """Return the names that a document was given after `name`; of any creation if None."""
    names: list[str] = []
    waiting = [name]
    while waiting:
        for trace in site.traces[doctype, waiting.pop()]:
            is_its = creation in (None, trace.creation)
            if trace.kind == "renamed" and is_its and trace.to and trace.to not in names:
                names.append(trace.to)
                waiting.append(trace.to)
    return names
