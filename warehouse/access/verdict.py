"""What access rules come to: branches, any one of which shows a document, or a denial.

The branches are kept beside the MongoDB filter that they make, because datasets rewrite them onto
their own rows. Whoever is in doubt denies: there is no branch for "perhaps".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.access.snapshot import Meta

Condition = dict[str, Any]

DATA = "document_data."
# Rows that an earlier script wrote have no hash until they are read again; what they lack, be it a
# child table or a link, would pass for empty.
READ_WHOLE: Condition = {"content_hash": {"$gt": ""}}


class Code(StrEnum):
    """Why nothing is shown; stable, for operators only: users are told that there is nothing."""

    USER_UNKNOWN = "user_unknown"
    USER_DISABLED = "user_disabled"
    USER_REFUSED = "user_refused"
    VERSION_UNKNOWN = "version_unknown"
    DOCTYPE_UNKNOWN = "doctype_unknown"
    DOCTYPE_NOT_SERVED = "doctype_not_served"
    CHILD_DOCTYPE = "child_doctype"
    VIRTUAL_DOCTYPE = "virtual_doctype"
    META_MISSING = "meta_missing"
    NO_RULE = "no_rule"
    APP_UNATTESTED = "app_unattested"
    HOOK_UNKNOWN = "hook_unknown"
    SCRIPT_UNKNOWN = "script_unknown"
    LINK_UNREADABLE = "link_unreadable"
    LINK_PENDING = "link_pending"
    FILTER_TOO_LARGE = "filter_too_large"


@dataclass(frozen=True, slots=True)
class Denial:
    """Nothing of a DocType may be shown to a user."""

    code: Code
    reason: str


@dataclass(frozen=True, slots=True)
class LinkConstraint:
    """What User Permissions demand of a Link field: one of `values`, or nothing if allowed.

    `table`: the field is in the rows of that child table, and every row has to hold. `target`: the
    DocType that is linked to.
    """

    field: str
    target: str
    values: tuple[str | int, ...]
    allows_empty: bool
    table: str = ""

    @property
    def condition(self) -> Condition:
        """The filter over raw documents."""
        values = [*self.values, None, ""] if self.allows_empty else [*self.values]
        if not self.table:
            return {DATA + self.field: {"$in": values}}
        path = DATA + self.table
        # A document without the table can't be judged; one with an empty table passes.
        refused = {"$not": {"$elemMatch": {self.field: {"$nin": values}}}}
        return {"$and": [{path: {"$type": "array"}}, {path: refused}]}


@dataclass(frozen=True, slots=True)
class HookConstraint:
    """A has_permission hook of Frappe, translated: one of these fields has that value."""

    equals: tuple[tuple[str, str | int], ...]

    @property
    def condition(self) -> Condition:
        """The filter over raw documents."""
        return {"$or": [{DATA + name: value} for name, value in self.equals]}


@dataclass(frozen=True, slots=True)
class RoleBranch:
    """A role reads the DocType, as far as User Permissions and a hook let it.

    `names`: those that User Permissions on the DocType itself allow, or None.
    """

    names: tuple[str, ...] | None = None
    links: tuple[LinkConstraint, ...] = ()
    hook: HookConstraint | None = None

    @property
    def is_unrestricted(self) -> bool:
        """Whether every document passes."""
        return self.names is None and not self.links and self.hook is None

    @property
    def condition(self) -> Condition:
        """The filter over raw documents; {} if every one passes."""
        if self.is_unrestricted:
            return {}
        parts = [] if self.names is None else [{"name": {"$in": [*self.names]}}]
        parts += [link.condition for link in self.links]
        parts += [self.hook.condition] if self.hook else []
        return {"$and": [*parts, READ_WHOLE]}


@dataclass(frozen=True, slots=True)
class OwnerBranch:
    """A role reads what the user owns; User Permissions do not apply. `owner` in lower case."""

    owner: str
    hook: HookConstraint | None = None

    @property
    def condition(self) -> Condition:
        """The filter over raw documents."""
        own: Condition = {"owner_lc": self.owner}
        return {"$and": [own, self.hook.condition, READ_WHOLE]} if self.hook else own


@dataclass(frozen=True, slots=True)
class SharesBranch:
    """These documents are shared with the user, whatever else is refused."""

    names: tuple[str, ...]

    @property
    def condition(self) -> Condition:
        """The filter over raw documents."""
        return {"name": {"$in": [*self.names]}}


Branch = RoleBranch | OwnerBranch | SharesBranch


@dataclass(frozen=True, eq=False)
class Access:
    """What a user may see of a DocType: the documents of any one of `branches`.

    `hidden`: fields, as `field` and `table.field`, that must not be shown, filtered or sorted by,
    counted or exported; a hidden table is in it with each of its fields. `metas`: the DocType's
    merged meta, then its child tables'; what they do not name is not shown either. `version`: the
    snapshot's.
    """

    instance: str
    user: str
    doctype: str
    version: str
    branches: tuple[Branch, ...]
    hidden: frozenset[str]
    metas: tuple[Meta, ...]

    @cached_property
    def is_unrestricted(self) -> bool:
        """Whether every document of the DocType may be seen."""
        return any(
            isinstance(branch, RoleBranch) and branch.is_unrestricted for branch in self.branches
        )

    @cached_property
    def condition(self) -> Condition:
        """The filter over raw documents of this DocType; {} when unrestricted."""
        if self.is_unrestricted:
            return {}
        conditions = [branch.condition for branch in self.branches]
        return conditions[0] if len(conditions) == 1 else {"$or": conditions}
