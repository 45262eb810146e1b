"""Tell why a user sees a document, or does not: every rule, and what it says of that document.

What holds is asked of MongoDB with the very conditions that reads use, so that an explanation can't
differ from what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.access.compiler import branch_by_role, compile_access
from warehouse.access.rules import roles_of, rules_of
from warehouse.access.verdict import Access, Denial, OwnerBranch, RoleBranch, SharesBranch
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from warehouse.access.snapshot import Rule, Snapshot
    from warehouse.access.verdict import Branch, Condition, LinkConstraint

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at; `holds` is None where it decides nothing by itself."""

    text: str
    holds: bool | None = None


@dataclass(slots=True)
class Explanation:
    """Whether a user sees a document, the steps to it, and which fields are hidden in any case."""

    instance: str
    user: str
    doctype: str
    name: str
    is_shown: bool = False
    steps: list[Step] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def say(self, text: str, *, holds: bool | None = None) -> None:
        """Add a step."""
        self.steps.append(Step(text, holds))


async def explain_access(snapshot: Snapshot, user: str, doctype: str, name: str) -> Explanation:
    """Return why an ERPNext user sees the document `name`, or why not."""
    told = Explanation(snapshot.instance, user, doctype, name)
    _tell_rules(told, snapshot)
    compiled = compile_access(snapshot, user, doctype)
    is_stored = await _holds(told, {})
    if not is_stored:
        told.say(f"The warehouse has no {doctype} {name}.", holds=False)
    if isinstance(compiled, Denial):
        told.say(f"{compiled.reason} ({compiled.code})", holds=False)
        return told
    _tell_denied_role(told, snapshot, compiled)
    for branch in compiled.branches:
        await _tell_branch(told, branch)
    told.hidden = sorted(compiled.hidden)
    told.is_shown = is_stored and await _holds(told, compiled.condition)
    return told


def _tell_rules(told: Explanation, snapshot: Snapshot) -> None:
    user = snapshot.user(told.user)
    if user is None:
        return
    state = "enabled" if user.is_enabled else "disabled"
    told.say(f"{user.name} is an {state} {user.user_type}, made on {user.creation}.")
    roles = roles_of(snapshot, user)
    told.say(f"Roles: {', '.join(sorted(roles))}.")
    table = "Custom DocPerm" if snapshot.custom_rules.get(told.doctype) else "DocPerm"
    rules = [rule for rule in rules_of(snapshot, told.doctype, roles) if rule.reads]
    if rules:
        told.say(f"Rules that let read ({table}): {'; '.join(map(_describe_rule, rules))}.")


def _describe_rule(rule: Rule) -> str:
    own = ", own documents only" if rule.if_owner else ""
    return f"{rule.role} at level {rule.permlevel}{own}"


def _tell_denied_role(told: Explanation, snapshot: Snapshot, access: Access) -> None:
    """Tell why roles show nothing where shares alone do."""
    if not all(isinstance(branch, SharesBranch) for branch in access.branches):
        return
    user = snapshot.users[told.user]
    rules = rules_of(snapshot, told.doctype, roles_of(snapshot, user))
    denied = branch_by_role(snapshot, told.user, access.metas, rules)
    if isinstance(denied, Denial):
        told.say(f"By roles nothing is shown: {denied.reason} ({denied.code})", holds=False)


async def _tell_branch(told: Explanation, branch: Branch) -> None:
    match branch:
        case SharesBranch():
            await _tell(told, "It is shared with the user or with everyone.", branch.condition)
        case OwnerBranch():
            await _tell(told, f"It is owned by {told.user}.", {"owner_lc": branch.owner})
            await _tell_hook(told, branch)
        case RoleBranch(names=names):
            if branch.is_unrestricted:
                told.say("A role reads every document, and no User Permission applies.", holds=True)
                return
            if names is not None:
                allowed = f"User Permissions allow {_list(names)}."
                await _tell(told, allowed, {"name": {"$in": [*names]}})
            for link in branch.links:
                await _tell(told, _describe_link(link), link.condition)
            await _tell_hook(told, branch)


async def _tell_hook(told: Explanation, branch: RoleBranch | OwnerBranch) -> None:
    if branch.hook:
        wanted = " or ".join(f"{name} is {value}" for name, value in branch.hook.equals)
        await _tell(told, f"The DocType's own rule: {wanted}.", branch.hook.condition)


def _describe_link(link: LinkConstraint) -> str:
    where = f"In every row of {link.table}, {link.field}" if link.table else link.field
    empty = ", or empty" if link.allows_empty else ""
    return f"{where} is one of the {link.target} allowed: {_list(link.values)}{empty}."


def _list(names: tuple[str | int, ...]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(str(name) for name in names[:MOST_NAMED]) + more or "none"


async def _tell(told: Explanation, text: str, condition: Condition) -> None:
    told.say(text, holds=await _holds(told, condition))


async def _holds(told: Explanation, condition: Condition) -> bool:
    """Say whether the stored document meets a condition."""
    query = {"doctype": told.doctype, "name": told.name, **condition}
    collection = raw_model(told.instance).get_pymongo_collection()
    return await collection.find_one(query, {"_id": 1}) is not None
