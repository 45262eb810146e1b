"""Who reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Subject:
    """The one on whose behalf documents are read.

    `key`: the account's id; it tells subjects apart, in cursors and in the audit. `users`:
    instance → ERPNext user, as far as the session or token opens it. `is_operator`: may see how the
    warehouse does; it opens no document by itself.
    """

    key: str
    users: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    is_operator: bool = False


OPERATOR = Subject("operator", is_operator=True)
