"""What is owed to suppliers, by age, as of today; see ageing.py for the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.ageing import INVOICE_FIELDS, PAYABLE, make_feeds
from warehouse.datasets.ageing_columns import (
    ADDS_UP,
    KEY,
    ageing_columns,
    ageing_measures,
    ageing_sources,
    tie_to_ledger,
)
from warehouse.datasets.columns import link, text
from warehouse.datasets.declaration import Dataset, Partition, Source
from warehouse.datasets.lines import HAS_RATE

if TYPE_CHECKING:
    from warehouse.cleaning.curated import Curated
    from warehouse.datasets.declaration import Expression, Feed
    from warehouse.datasets.scope import Scope


def build(scope: Scope) -> list[Feed]:
    """Return a row for each voucher that is outstanding."""
    of_party = {
        "supplier_group": "$party.party_group",
        "supplier_class": classify("$party.party_group", scope.curated),
    }
    return make_feeds(scope, PAYABLE, of_party)


def classify(group: str, curated: Curated) -> Expression:
    """Return an expression: the class of a Supplier Group by the curated table, or null."""
    classes: dict[str, list[str]] = {}
    for (name,), row in sorted(curated.rows("supplier_groups").items()):
        classes.setdefault(row["supplier_class"], []).append(name)
    branches: list[dict[str, Any]] = [
        {"case": {"$in": [group, {"$literal": names}]}, "then": known}
        for known, names in sorted(classes.items())
    ]
    return {"$switch": {"branches": branches, "default": None}} if branches else None


DATASET = Dataset(
    slug="payables_ageing",
    title="Payables by age",
    description="What is outstanding of each bill, and advances not yet used, as of the day.",
    owner="Accounts",
    grain="one document that is outstanding with one supplier, as of a day",
    key=KEY,
    partition=Partition.INSTANCE_AS_OF,
    sources=ageing_sources(Source("Purchase Invoice", ("company", *INVOICE_FIELDS))),
    cleaning=("C3", "C4", "C7", "C9", "C12"),
    dimensions=(
        *ageing_columns(PAYABLE),
        link("supplier_group", "Supplier Group", "Supplier.supplier_group"),
        text(
            "supplier_class",
            "Class",
            "Supplier.supplier_group",
            description="farmers, cooperatives, traders or services, by supplier_groups.csv",
        ),
    ),
    measures=ageing_measures(),
    checks=(ADDS_UP, HAS_RATE),
    tie_outs=(tie_to_ledger(PAYABLE),),
    freshness_hours=30,
    build=build,
)
