"""Which fields of a DocType a user must not see, whatever the document.

ERPNext strips fields of a higher permlevel. What version 16 masks is hidden here, since a masked
value could still be filtered and sorted by. Source: frappe/model/document.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.erpnext.meta import TABLE_FIELDTYPES, is_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warehouse.access.snapshot import Meta, Rule

# Secrets in plain text, of User and of whoever copies its fields.
SECRETS = frozenset({"api_key", "api_secret", "reset_password_key"})


def hidden_fields(metas: tuple[Meta, ...], rules: tuple[Rule, ...]) -> frozenset[str]:
    """Return `field` and `table.field` of what is hidden.

    `metas`: a DocType's, then its child tables'. `rules`: the DocType's rows that are of one of the
    user's roles; a child table's fields go by them, too. Level 0 is always shown.
    """
    shown = {0} | {rule.permlevel for rule in rules if rule.reads}
    unmasked = {rule.permlevel for rule in rules if rule.masks}
    return frozenset(_hidden(metas, shown, unmasked))


def every_field(metas: tuple[Meta, ...]) -> frozenset[str]:
    """Return `field` and `table.field` of all there is."""
    return frozenset(_hidden(metas, set(), set()))


def risky_fields(metas: tuple[Meta, ...]) -> frozenset[str]:
    """Return the same of what a user who reads level 0 alone must not see."""
    return frozenset(_hidden(metas, {0}, set()))


def _hidden(metas: tuple[Meta, ...], shown: set[int], unmasked: set[int]) -> Iterator[str]:
    by_name = {meta["name"]: meta for meta in metas[1:]}
    for field in metas[0]["fields"]:
        is_hidden = _is_hidden(field, shown, unmasked)
        if is_hidden:
            yield field["fieldname"]
        if field["fieldtype"] in TABLE_FIELDTYPES:
            for child in by_name[field["options"]]["fields"]:
                if is_hidden or _is_hidden(child, shown, unmasked):
                    yield f"{field['fieldname']}.{child['fieldname']}"


def _is_hidden(field: dict[str, Any], shown: set[int], unmasked: set[int]) -> bool:
    level = int(field.get("permlevel") or 0)
    return (
        level not in shown
        or field["fieldtype"] == "Password"
        or field["fieldname"] in SECRETS
        or (is_set(field, "mask") and level not in unmasked)
    )
