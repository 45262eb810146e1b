"""What is in a build: counts, rejected rows, the dataset's checks, the names that rows hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

from warehouse.documents.business import rejected_rows_of, rows_of
from warehouse.documents.datasets import CheckResult, Difference, TieOutResult
from warehouse.errors import DatasetError
from warehouse.transform.feeding import CLEANED
from warehouse.transform.streaming import open_source

if TYPE_CHECKING:
    from decimal import Decimal

    from warehouse.datasets.declaration import Check, Dataset, Stages, TieOut
    from warehouse.datasets.scope import Scope
    from warehouse.documents.raw import Collection

MOST_NAMES = 20_000
MOST_DIFFERENCES = 100
SETTINGS_READ = "settings_read"
FLOATS, UNSOURCED = "is_float", "has_no_source"


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in a build.

    `counts`: of the good rows (under "") and of each reason of rejection, `rows`, and how many
    break each check, hold a float, lack their source document. `cleaned`: cleaning rule → rows that
    it was applied to. `names`: looked-up source → names of its documents in rows, None if they are
    too many to keep; rejected rows count, too: one may be good when the document is there.
    """

    counts: dict[str, dict[str, int]]
    cleaned: dict[str, int]
    names: dict[str, list[str] | None]

    @property
    def good(self) -> dict[str, int]:
        """The counts of the rows that are not rejected."""
        return self.counts.get("", {})


async def survey_rows(dataset: Dataset, build_id: str) -> Survey:
    """Return what is in a build, looked through once."""
    looked_up = {source.name: source.by for source in dataset.sources if source.by}
    columns = sorted({column for by in looked_up.values() for column in by})
    ways: dict[str, Stages] = {"counts": [{"$group": _tally(dataset)}]}
    ways["cleaned"] = [
        {"$match": {"rejected": None}},
        {"$unwind": f"${CLEANED}"},
        {"$group": {"_id": f"${CLEANED}", "rows": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    for column in columns:
        each: Stages = [{"$group": {"_id": f"${column}"}}, {"$limit": MOST_NAMES + 1}]
        ways[f"of_{column}"] = each
    pipeline: Stages = [{"$match": {"build_id": build_id}}, {"$facet": ways}]
    cursor = await rows_of(dataset.slug).aggregate(pipeline, allowDiskUse=True)
    [found] = await cursor.to_list()
    return Survey(
        counts={row.pop("_id"): row for row in found["counts"]},
        cleaned={row["_id"]: row["rows"] for row in found["cleaned"]},
        names={name: _names(found, by) for name, by in looked_up.items()},
    )


def _tally(dataset: Dataset) -> dict[str, Any]:
    measures = [one.name for one in dataset.measures if one.kind.is_stored]
    is_float = {"$or": [{"$eq": [{"$type": f"${name}"}, "double"]} for name in measures]}
    tallied = {FLOATS: is_float} | {check.code: check.violated for check in dataset.checks}
    if dataset.rows_of:
        tallied[UNSOURCED] = {"$lte": ["$source.name", None]}
    sums = {code: {"$sum": {"$cond": [when, 1, 0]}} for code, when in tallied.items()}
    return {"_id": {"$ifNull": ["$rejected", ""]}, "rows": {"$sum": 1}, **sums}


def _names(found: dict[str, Any], by: tuple[str, ...]) -> list[str] | None:
    names = {row["_id"] for column in by for row in found[f"of_{column}"]}
    named = sorted(name for name in names if isinstance(name, str))
    return named if len(named) <= MOST_NAMES else None


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


def judge_settings(scope: Scope) -> list[CheckResult]:
    """Return how it came out whether the settings that pipelines are built with can be read."""
    skipped = scope.books.skipped
    if not skipped:
        return []
    return [
        CheckResult(
            code=SETTINGS_READ,
            title=f"Each {' and '.join(skipped)} is filled in and can be used",
            violations=sum(skipped.values()),
            rows=sum(len(scope.settings[doctype]) for doctype in skipped),
            passed=False,
            blocks=False,
        )
    ]


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
