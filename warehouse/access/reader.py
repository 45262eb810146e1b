"""Which fields the warehouse's own key may not read: they are stored as if they were empty.

ERPNext drops them without a word, and an empty link passes for unlinked. So nothing may be decided
by such a field. Facts: references/frappe-permissions.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.access.hidden import every_field, hidden_fields
from warehouse.access.rules import ADMINISTRATOR, roles_of, rules_of

if TYPE_CHECKING:
    from warehouse.access.snapshot import Meta, Snapshot


def unread_fields(snapshot: Snapshot, metas: tuple[Meta, ...]) -> frozenset[str]:
    """Return `field` and `table.field` of what the key may not read, or reads masked.

    `metas`: a DocType's, then its child tables'. Without a rule that reads at level 0 that is
    everything: who may only select a DocType is given a few columns of it.
    """
    if snapshot.reader == ADMINISTRATOR:
        return frozenset()
    reader = snapshot.user(snapshot.reader)
    roles = roles_of(snapshot, reader) if reader else frozenset()
    rules = rules_of(snapshot, metas[0]["name"], roles)
    if not any(rule.reads and not rule.permlevel for rule in rules):
        return every_field(metas)
    return hidden_fields(metas, rules)
