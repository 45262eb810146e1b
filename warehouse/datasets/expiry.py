"""How much of a stock ledger entry is of batches that expire soon.

Up to version 14 an entry names its batch. From 15 on it names a Serial and Batch Bundle, whose rows
name batches, each with its part of the quantity and its sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.cleaning.vouchers import has_text
from warehouse.datasets.declaration import Source
from warehouse.datasets.money import exact_or_zero
from warehouse.datasets.scope import DATA

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

BATCH, BUNDLE = "Batch", "Serial and Batch Bundle"
EXPIRY_SOURCES = (
    Source(BATCH, ("expiry_date",), is_optional=True),
    Source(BUNDLE, ("company", "entries.batch_no", "entries.qty"), is_optional=True),
)


def find_expiring(scope: Scope, last_day: str) -> Stages:
    """Return stages that set `expiring`: what an entry adds of batches that expire by a day."""
    own = [{"batch_no": "$batch_no", "qty": "$actual_qty"}]
    parts = {"$cond": [has_text("$batch_no"), own, {"$ifNull": ["$bundle.entries", []]}]}
    return [
        *scope.lookup(BUNDLE, "serial_and_batch_bundle", "bundle", company="$company"),
        {"$set": {"batches": parts}},
        *_look_up_soon(scope, last_day),
        {"$set": {"expiring": _sum_soon()}},
    ]


def _look_up_soon(scope: Scope, last_day: str) -> Stages:
    expires = {f"{DATA}.expiry_date": {"$gt": "", "$lte": last_day}}
    found = {
        "from": scope.collection(BATCH),
        "localField": "batches.batch_no",
        "foreignField": "name",
        "pipeline": [
            {"$match": {"doctype": BATCH, **expires}},
            {"$project": {"_id": 0, "name": 1}},
        ],
        "as": "soon",
    }
    return [{"$lookup": found}]


def _sum_soon() -> Expression:
    is_soon = {"$in": ["$$this.batch_no", "$soon.name"]}
    soon = {"$filter": {"input": "$batches", "cond": is_soon}}
    return {"$sum": {"$map": {"input": soon, "in": exact_or_zero("$$this.qty")}}}
