"""One version of an instance's permission tables: all that deciding who may see what needs.

Whole and of one moment, with its own metas, trees and settings: nothing else is looked at, so that
two versions never mix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 msgspec reads annotations at run time
from typing import Any

Meta = dict[str, Any]
Node = tuple[int, int]  # lft and rgt of a nested set


@dataclass(frozen=True, slots=True)
class User:
    """An ERPNext user. `creation` tells a re-created one from an earlier one of the same name."""

    name: str
    is_enabled: bool
    user_type: str
    creation: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of DocPerm or Custom DocPerm; `masks`: may see what version 16 masks."""

    role: str
    permlevel: int = 0
    reads: bool = False
    if_owner: bool = False
    masks: bool = False


@dataclass(frozen=True, slots=True)
class UserPermission:
    """A User Permission of one user; `applicable_for` is empty where it applies everywhere."""

    allow: str
    for_value: str
    applicable_for: str = ""
    hides_descendants: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """A DocShare that lets one user, or everyone, read the document `name`."""

    name: str
    user: str = ""
    to_everyone: bool = False

    def reaches(self, user: str) -> bool:
        """Say whether it lets `user` read."""
        return self.to_everyone or self.user == user


@dataclass(frozen=True, slots=True)
class Kind:
    """What the list of DocTypes tells of one."""

    is_child: bool = False
    is_single: bool = False
    is_virtual: bool = False
    is_custom: bool = False


@dataclass(frozen=True, slots=True)
class Attestation:
    """What an operator vouches for: apps with their versions, and which DocTypes they hook.

    `hooked` may hold "*", a hook on every DocType.
    """

    apps: dict[str, str] = field(default_factory=dict)
    hooked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pending:
    """Fields that the key gained: whole since a full reading that began at `since` or later.

    `fields`: as `field` and `table.field`.
    """

    fields: frozenset[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The permission tables of an instance.

    `roles`: by user. `user_permissions`: by user in lower case. `standard_rules`, `custom_rules`,
    `shares`, `kinds`, `metas`: by DocType; metas are merged ones, of DocTypes and of child tables.
    `trees`: DocType → node → (lft, rgt). `fingerprints`: DocType → what its metas were read at.
    `scripted`: DocTypes with an enabled Permission Query. `reader`: the user of the key, without
    whom it is not known which fields could be stored. `pending`: DocType → fields that it reads by
    now and stored documents may lack. `version` names this content and nothing else. `is_doubted`:
    no part of it; the key has since been refused a table, so that it may have lost fields, too.
    """

    instance: str
    versions: dict[str, str]
    users: dict[str, User]
    roles: dict[str, frozenset[str]]
    disabled_roles: frozenset[str]
    standard_rules: dict[str, tuple[Rule, ...]]
    custom_rules: dict[str, tuple[Rule, ...]]
    user_permissions: dict[str, tuple[UserPermission, ...]]
    shares: dict[str, tuple[Share, ...]]
    kinds: dict[str, Kind]
    metas: dict[str, Meta]
    trees: dict[str, dict[str, Node]]
    fingerprints: dict[str, str] = field(default_factory=dict)
    is_strict: bool = False
    scripted: frozenset[str] = frozenset()
    attestation: Attestation = field(default_factory=Attestation)
    reader: str = ""
    pending: dict[str, Pending] = field(default_factory=dict)
    is_doubted: bool = False
    version: str = ""

    def user(self, name: str) -> User | None:
        """Return an ERPNext user by the exact name, or None if there is none."""
        return self.users.get(name)

    @property
    def frappe_version(self) -> tuple[int, int]:
        """The major and minor version of Frappe; (0, 0) if it is not known."""
        found = re.match(r"(\d+)\.(\d+)", self.versions.get("frappe", ""))
        return (int(found[1]), int(found[2])) if found else (0, 0)
