"""Compare two merged metas of a DocType: which fields and child tables came, went or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.documents.drift import Drift
from warehouse.erpnext.meta import TABLE_FIELDTYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

# What decides how a value is read; a label or a layout flag does not.
COMPARED = ("fieldtype", "options", "permlevel", "is_virtual")
# Fields that hold no value.
LAYOUT = frozenset(
    {
        "Button",
        "Column Break",
        "Fold",
        "Heading",
        "HTML",
        "Image",
        "Section Break",
        "Tab Break",
    }
)

Metas = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """One difference; `field` is `fieldname`, or `child_table.fieldname`."""

    drift: Drift
    field: str
    before: str | None = None
    after: str | None = None

    @property
    def moves_data(self) -> bool:
        """Whether stored documents may look different now, without a new `modified`."""
        return self.drift is not Drift.FIELD_CHANGED or _storage(self.before) != _storage(
            self.after
        )


def compare_metas(before: Metas, after: Metas) -> list[FieldDrift]:
    """Return what differs between two metas of a DocType, each followed by its child tables'."""
    old, new = dict(_fields(before)), dict(_fields(after))
    drifts = [
        FieldDrift(_name(old[field], Drift.FIELD_REMOVED), field, before=_describe(old[field]))
        for field in old.keys() - new.keys()
    ]
    drifts += [
        FieldDrift(_name(new[field], Drift.FIELD_ADDED), field, after=_describe(new[field]))
        for field in new.keys() - old.keys()
    ]
    drifts += [
        FieldDrift(Drift.FIELD_CHANGED, field, _describe(old[field]), _describe(new[field]))
        for field in old.keys() & new.keys()
        if _describe(old[field]) != _describe(new[field])
    ]
    return sorted(drifts, key=lambda drift: drift.field)


def _fields(metas: Metas) -> Iterator[tuple[str, dict[str, Any]]]:
    by_name = {meta["name"]: meta["fields"] for meta in metas}
    for field in metas[0]["fields"] if metas else ():
        if field["fieldtype"] in LAYOUT:
            continue
        yield field["fieldname"], field
        if field["fieldtype"] in TABLE_FIELDTYPES:
            for child in by_name.get(field.get("options"), ()):
                if child["fieldtype"] not in LAYOUT:
                    yield f"{field['fieldname']}.{child['fieldname']}", child


def _name(field: dict[str, Any], drift: Drift) -> Drift:
    if field["fieldtype"] not in TABLE_FIELDTYPES:
        return drift
    added = drift is Drift.FIELD_ADDED
    return Drift.CHILD_TABLE_ADDED if added else Drift.CHILD_TABLE_REMOVED


def _describe(field: dict[str, Any]) -> str:
    return " ".join(f"{key}={field[key]}" for key in COMPARED if field.get(key))


def _storage(described: str | None) -> tuple[bool, bool]:
    text = described or ""
    return "fieldtype=Password" in text, "is_virtual=1" in text
