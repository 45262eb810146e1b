"""How far the warehouse can be relied on: each DocType's ingestion, each dataset's cleaning.

It tells of what all others are made of, so only those see it who may see everything in them; and
of a DocType only those who may see all of its documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.datasets.columns import amount, day, matched_by, share, text
from warehouse.datasets.declaration import Check, Dataset, Partition, Upstream
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from warehouse.datasets.declaration import Row
    from warehouse.datasets.scope import Scope

OBSERVED = (
    *("items", "parties", "sales_lines", "sales_monthly", "procurement_lines"),
    *("procurement_season", "farmer_payments", "receivables_ageing", "payables_ageing"),
    *("stock_snapshot", "gross_margin", "price_spread", "collections_cash"),
)
# Rule → the column of how many rows it left open, or matched.
RULES = {"C7": "rate_missing", "C8": "unconverted", "C12": "matched", "C13": "unmapped"}
# Reason for which documents are kept out → the column of how many of their rows there are.
KEPT_OUT = {"C1": "drafts", "C2": "cancelled"}
COUNTS = ("rows", "kept_aside", "drifted", "denied", "failed", "differences")


async def build(scope: Scope) -> AsyncIterator[Row]:
    """Yield a row for each DocType that is ingested and each dataset that is built."""
    for observed in scope.observations:
        cleaned = observed["cleaned"]
        yield {
            "company": None,
            "kind": observed["kind"],
            "subject": observed["subject"],
            "status": observed["status"],
            "verified_on": observed["verified_on"],
            **{name: observed[name] for name in COUNTS},
            **{column: cleaned.get(rule, 0) for rule, column in RULES.items()},
            **{column: observed["rejected"].get(why, 0) for why, column in KEPT_OUT.items()},
        }


DATASET = Dataset(
    slug="data_quality",
    title="Data quality",
    description=(
        "Of each DocType: documents, rejected, denied, drift. Of each dataset: rows, those kept "
        "aside, not converted, not mapped, and differences of its tie-outs. No row has a company."
    ),
    owner="Data steward",
    grain="one DocType or one dataset",
    key=("instance", "company", "kind", "subject"),
    partition=Partition.INSTANCE,
    sources=tuple(Upstream(slug) for slug in OBSERVED),
    observes=True,
    cleaning=("C7", "C8", "C12", "C13"),
    dimensions=(
        text("company", "Company", description="Empty: it tells of the whole instance."),
        text("kind", "Kind", description="doctype or dataset"),
        text("subject", "DocType or dataset"),
        text("status", "Status", description="How the last sync ended; built, kept or missing."),
        day("verified_on", "Last complete inventory", description="In UTC."),
    ),
    measures=(
        amount("rows", "Documents or rows", "rows"),
        amount("kept_aside", "Kept aside", "rows"),
        amount("drafts", "Of them of drafts", "rows"),
        amount("cancelled", "Of them of cancelled documents", "rows"),
        amount("drifted", "Changes of shape", "changes"),
        amount("denied", "Denied", "DocTypes"),
        amount("failed", "Failures", "failures", description="Syncs, builds and checks."),
        amount("differences", "Differences of tie-outs", "groups"),
        amount("rate_missing", "Without a rate to INR", "rows"),
        amount("unconverted", "Without kg, litre or number", "rows"),
        matched_by(amount("matched", "Matched to another record", "rows"), PARTY_EVIDENCE),
        amount("unmapped", "Of items that are not mapped", "rows"),
        share("kept_aside_share", "Share kept aside", "kept_aside", "rows"),
        share("unconverted_share", "Share without kg, litre or number", "unconverted", "rows"),
        share("unmapped_share", "Share not mapped", "unmapped", "rows"),
    ),
    checks=(Check("ties", "Tie-outs agree", {"$gt": ["$differences", 0]}, blocks=False),),
    freshness_hours=30,
    build=build,
)
