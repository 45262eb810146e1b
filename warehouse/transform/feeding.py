"""From a feed to the pipeline that MongoDB runs: the engine's stages around the rule's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.datasets.declaration import Source
from warehouse.datasets.scope import DATA, shape
from warehouse.documents.business import rows_of
from warehouse.errors import DatasetError
from warehouse.transform.links import carry

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Dataset, Feed, Stages
    from warehouse.datasets.scope import Scope
    from warehouse.transform.links import Links

SEPARATOR = "\x1f"
DOCUMENT = "_document"
REJECTED = "_rejected"
CLEANED = "cleaned"
LOTS = 4


@dataclass(frozen=True, slots=True)
class Target:
    """Where a feed's rows go: `columns` are the engine's, the same in all of them."""

    dataset: Dataset
    scope: Scope
    build_id: str
    links: Links

    @property
    def columns(self) -> dict[str, str | None]:
        """The columns that the engine fills."""
        filled = {
            "instance": self.scope.instance,
            "month": self.scope.month,
            "as_of": self.scope.as_of,
        }
        return {name: filled[name] for name in self.dataset.partition.columns}


def make_pipeline(target: Target, feed: Feed) -> Stages:
    """Return the pipeline over a feed's source that stores its rows.

    Raises:
        DatasetError: if the feed does not give what the dataset declares.
    """
    _assert_columns(target.dataset, feed)
    rows = rows_of(target.dataset.slug)
    into = {"db": rows.database.name, "coll": rows.name}
    # A build is new: its rows are inserted, which costs a third of an upsert, and a second row of
    # the same key is an error and not the last one's victory.
    merge = {"into": into, "on": ["build_id", "row"], "whenMatched": "fail"}
    return [
        *_open(target, feed),
        *feed.stages,
        *_reject(feed),
        {"$replaceWith": _row(target, feed)},
        {"$set": {"row": row_key(target.dataset)}},
        {"$merge": merge | {"whenNotMatched": "insert"}},
    ]


def row_key(dataset: Dataset) -> dict[str, Any]:
    """Return the expression of a row's key as text; a rejected row's need not be one of its own."""
    names = [*dataset.partition.columns]
    names += [name for name in dataset.key if name not in names]
    parts: list[Any] = []
    for name in names:
        parts += [{"$toString": {"$ifNull": [f"${name}", ""]}}, SEPARATOR]
    key = {"$concat": parts[:-1]}
    # Six digits each: of a thousand rows two would draw the same.
    lots: list[Any] = [{"$toString": {"$rand": {}}} for _ in range(LOTS)]
    lot = {"$concat": ["rejected", SEPARATOR, *lots]}
    return {"$cond": [{"$gt": ["$rejected", None]}, lot, key]}


def _open(target: Target, feed: Feed) -> Stages:
    """Return the first stages: the partition's documents, what is declared of them, their links."""
    source = target.scope.source(feed.of)
    if not isinstance(source, Source):
        opening = target.scope.opening(feed.of)
        if target.dataset.rows_of:
            opening.append({"$set": {DOCUMENT: {"source": "$source", "access": "$access"}}})
        return opening
    if source.doctype not in target.dataset.rows_of:
        return target.scope.opening(feed.of)
    match = {"$match": target.scope.condition(source)}
    project, _ = shape(source)
    carried = carry(source.doctype, target.links.get(source.doctype, []))
    project["$project"][DOCUMENT] = carried
    merged = {"$mergeObjects": [f"${DATA}", {DOCUMENT: f"${DOCUMENT}"}]}
    return [match, project, {"$replaceWith": merged}]


def _reject(feed: Feed) -> Stages:
    if not feed.rejects:
        return []
    branches = [{"case": one.when, "then": one.code} for one in feed.rejects]
    return [{"$set": {REJECTED: {"$switch": {"branches": branches, "default": "$$REMOVE"}}}}]


def _row(target: Target, feed: Feed) -> dict[str, Any]:
    row = dict(feed.row)
    row |= {name: {"$literal": value} for name, value in target.columns.items()}
    row["build_id"] = {"$literal": target.build_id}
    if feed.rejects:
        row["rejected"] = f"${REJECTED}"
    if target.dataset.rows_of:
        row |= {"source": f"${DOCUMENT}.source", "access": f"${DOCUMENT}.access"}
    return row


def _assert_columns(dataset: Dataset, feed: Feed) -> None:
    given, declared = set(feed.row) - {CLEANED}, set(dataset.columns)
    if given == declared:
        return
    missing, unknown = sorted(declared - given), sorted(given - declared)
    said = [f"lacks {', '.join(missing)}"] if missing else []
    said += [f"has {', '.join(unknown)}, which is not declared"] if unknown else []
    raise DatasetError(
        f"A row of {dataset.slug} from {feed.of} {' and '.join(said)}.",
        cure="Give in `row` every dimension and every stored measure, and nothing else.",
        dataset=dataset.slug,
    )
