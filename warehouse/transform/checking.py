"""What is in a build: counts, rejected rows, the dataset's checks, the names that rows hold."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

from warehouse.documents.business import rejected_rows_of, rows_of
from warehouse.documents.datasets import CheckResult, Difference, TieOutResult
from warehouse.errors import DatasetError
from warehouse.transform.feeding import CLEANED
from warehouse.transform.streaming import open_source

if TYPE_CHECKING:
    from decimal import Decimal

    from warehouse.datasets.declaration import Check, Dataset, Source, Stages, TieOut, Upstream
    from warehouse.datasets.scope import Scope
    from warehouse.documents.raw import Collection

logger = logging.getLogger(__name__)

MOST_NAMES = 20_000
MOST_DIFFERENCES = 100
FLOATS, UNSOURCED = "is_float", "has_no_source"


async def count_rows(dataset: Dataset, build_id: str) -> dict[str, dict[str, int]]:
    """Return, of the good rows (under "") and of each reason of rejection, the counts of all sorts.

    `rows`, and how many break each check, hold a float, lack their source document.
    """
    measures = [one.name for one in dataset.measures if one.kind.is_stored]
    is_float = {"$or": [{"$eq": [{"$type": f"${name}"}, "double"]} for name in measures]}
    tallied = {FLOATS: is_float} | {check.code: check.violated for check in dataset.checks}
    if dataset.rows_of:
        tallied[UNSOURCED] = {"$lte": ["$source.name", None]}
    pipeline: Stages = [
        {"$match": {"build_id": build_id}},
        {
            "$group": {
                "_id": {"$ifNull": ["$rejected", ""]},
                "rows": {"$sum": 1},
                **{code: {"$sum": {"$cond": [when, 1, 0]}} for code, when in tallied.items()},
            }
        },
    ]
    cursor = await rows_of(dataset.slug).aggregate(pipeline, allowDiskUse=True)
    return {row.pop("_id"): row async for row in cursor}


async def count_cleaned(slug: str, build_id: str) -> dict[str, int]:
    """Return cleaning rule → number of rows that it was applied to."""
    pipeline: Stages = [
        {"$match": {"build_id": build_id, "rejected": None, CLEANED: {"$nin": [None, []]}}},
        {"$unwind": f"${CLEANED}"},
        {"$group": {"_id": f"${CLEANED}", "rows": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    cursor = await rows_of(slug).aggregate(pipeline, allowDiskUse=True)
    return {row["_id"]: row["rows"] async for row in cursor}


def assert_sound(dataset: Dataset, good: dict[str, int]) -> None:
    """Refuse a build whose rows are not what the engine relies on.

    Raises:
        DatasetError: if a number is a float, or a row does not say of which document it is a part.
    """
    if good.get(FLOATS):
        raise DatasetError(
            f"{good[FLOATS]} rows of {dataset.slug} hold floats.",
            cure="Make numbers with warehouse.datasets.money: a sum of floats is never exact.",
            dataset=dataset.slug,
        )
    if good.get(UNSOURCED):
        raise DatasetError(
            f"{good[UNSOURCED]} rows of {dataset.slug} do not say of which document they are.",
            cure="Let no stage drop _document; a row without it could be shown to nobody.",
            dataset=dataset.slug,
        )


def judge(check: Check, good: dict[str, int]) -> CheckResult:
    """Return how a check came out."""
    rows, violations = good.get("rows", 0), good.get(check.code, 0)
    return CheckResult(
        code=check.code,
        title=check.title,
        violations=violations,
        rows=rows,
        passed=violations <= check.at_most_share * rows,
        blocks=check.blocks,
    )


async def read_names(
    dataset: Dataset, source: Source | Upstream, build_ids: list[str]
) -> list[str] | None:
    """Return the names of a source's documents that rows hold; None if they are too many to keep.

    Rejected rows count, too: one may be good when the document that it names is there.
    """
    found: set[str] = set()
    for column in source.by:
        pipeline: Stages = [
            {"$match": {"build_id": {"$in": build_ids}}},
            {"$group": {"_id": f"${column}"}},
            {"$limit": MOST_NAMES + 1},
        ]
        cursor = await rows_of(dataset.slug).aggregate(pipeline, allowDiskUse=True)
        found.update([row["_id"] async for row in cursor if isinstance(row["_id"], str)])
    return sorted(found) if len(found) <= MOST_NAMES else None


async def set_rejected_aside(slug: str, build_id: str) -> None:
    """Move a build's rejected rows out of the way of its readers."""
    rows, aside = rows_of(slug), rejected_rows_of(slug)
    rejected = {"build_id": build_id, "rejected": {"$exists": True}}
    await (await rows.aggregate([{"$match": rejected}, {"$merge": {"into": aside.name}}])).to_list()
    await rows.delete_many(rejected)


async def tie_out(dataset: Dataset, tie: TieOut, scope: Scope, build_id: str) -> TieOutResult:
    """Compare the rows of a build with another total of the same thing."""
    mine = [{"$match": {"build_id": build_id}}, *tie.ours(scope)]
    ours = await _read_totals(rows_of(dataset.slug), mine)
    feed = tie.theirs(scope)
    opened = [*scope.opening(feed.of), *feed.stages]
    theirs = await _read_totals(open_source(scope.source(feed.of), scope.instance), opened)
    nothing = Decimal128("0").to_decimal()
    differences = [
        Difference(group=group, ours=str(one), theirs=str(other))
        for group in sorted(ours.keys() | theirs.keys())
        if abs((one := ours.get(group, nothing)) - (other := theirs.get(group, nothing)))
        > Decimal128(tie.tolerance).to_decimal()
    ]
    return TieOutResult(
        code=tie.code,
        title=tie.title,
        groups=len(ours.keys() | theirs.keys()),
        differing=len(differences),
        differences=differences[:MOST_DIFFERENCES],
    )


async def _read_totals(collection: Collection, pipeline: Stages) -> dict[str, Decimal]:
    cursor = await collection.aggregate(pipeline, allowDiskUse=True)
    return {_text(row["_id"]): _decimal(row["total"]) async for row in cursor}


def _text(group: Any) -> str:
    parts = group.values() if isinstance(group, dict) else [group]
    return " / ".join("" if part is None else str(part) for part in parts)


def _decimal(total: Any) -> Decimal:
    number = total if isinstance(total, Decimal128) else Decimal128(str(total or 0))
    return number.to_decimal()
