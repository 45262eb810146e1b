"""What a person may see of a dataset's rows of one instance: access rules, rewritten onto the rows.

Rows that are parts of documents are seen by whoever may see the document: each branch of the access
to its DocType becomes a condition on what the row carries of it. What can't be judged on a row is
hidden. Aggregates are seen by whoever may see everything that they are made of, each field of it,
but for what a column of theirs keeps apart; ownership and shares open none. Of a column that tells
of more than its row, nothing is seen by whom another column keeps from some of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.access.verdict import Access, Code, Denial, OwnerBranch, RoleBranch, SharesBranch
from warehouse.datasets.declaration import MONTH, Measure
from warehouse.transform.links import HAS_ROWS
from warehouse.transform.observing import DATASET, DOCTYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from warehouse.access.verdict import Branch, LinkConstraint
    from warehouse.datasets.declaration import Dataset, Dimension
    from warehouse.documents.datasets import LivePartition
    from warehouse.transform.links import Links

Condition = dict[str, Any]
# Rows of it can't be seen: whatever else holds, this does not.
NOTHING: Condition = {"build_id": {"$in": []}}
INR = "INR"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing of an instance is given, because of a DocType that a dataset is made of."""

    instance: str
    doctype: str
    code: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What is given of an instance: rows that meet `condition`, without the `hidden` columns.

    `is_whole`: there is no row but is given.
    """

    condition: Condition
    hidden: frozenset[str] = frozenset()
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: a dataset, and what a person's access to its DocTypes compiled to.

    `fields`: DocType → those of its fields that it is made of, through other datasets, too.
    `partitions`: the live ones of `instance`. `links`: digest → link fields that their rows carry.
    `owned`: DocType → names of the documents that an owner's branch shows, so far as they are few.
    """

    dataset: Dataset
    instance: str
    fields: Mapping[str, Sequence[str]]
    compiled: Mapping[str, Access | Denial]
    partitions: list[LivePartition]
    links: Mapping[str, Links]
    owned: Mapping[str, tuple[str, ...]]


def judge(case: Case) -> Grant | Refusal:
    """Return what of the instance's rows is given."""
    return _judge_rows(case) if case.dataset.rows_of else _judge_aggregates(case)


def _judge_rows(case: Case) -> Grant:
    shown = [
        condition
        for doctype in case.dataset.rows_of
        for condition in _rewrite(case, doctype, case.compiled[doctype])
    ]
    hidden = frozenset(_hide(case))
    if not shown:
        return Grant(NOTHING, hidden)
    builds = [one.build_id for one in case.partitions]
    within = {"instance": case.instance, "build_id": {"$in": builds}}
    is_whole = all(_is_unrestricted(case.compiled[doctype]) for doctype in case.dataset.rows_of)
    return Grant({"$and": [within, {"$or": shown}]}, hidden, is_whole)


def _is_unrestricted(compiled: Access | Denial) -> bool:
    """Say whether there is no document but is seen; an ERP without the DocType has none."""
    if isinstance(compiled, Denial):
        return compiled.code is Code.DOCTYPE_UNKNOWN
    return compiled.is_unrestricted


def _rewrite(case: Case, doctype: str, compiled: Access | Denial) -> Iterable[Condition]:
    """Yield a condition for each branch that can be judged on rows; any one must hold."""
    if isinstance(compiled, Denial):
        return
    of = {"source.doctype": doctype}
    if compiled.is_unrestricted:
        yield of
        return
    for branch in compiled.branches:
        rewritten = _rewrite_branch(case, doctype, branch)
        if rewritten is not None:
            yield {"$and": [of, *rewritten]}


def _rewrite_branch(case: Case, doctype: str, branch: Branch) -> list[Condition] | None:
    match branch:
        case SharesBranch():
            return [{"source.name": {"$in": [*branch.names]}}]
        case OwnerBranch():
            # No row carries its owner, which is an e-mail address (C15).
            names = case.owned.get(doctype)
            return None if names is None else [{"source.name": {"$in": [*names]}}]
        case RoleBranch():
            return _rewrite_role(case, doctype, branch)


def _rewrite_role(case: Case, doctype: str, branch: RoleBranch) -> list[Condition] | None:
    if branch.hook is not None:
        return None
    needed = {f"{link.table}.{link.field}".lstrip(".") for link in branch.links}
    judgeable = [
        one.build_id
        for one in case.partitions
        if needed <= set(case.links.get(one.links, {}).get(doctype, ()))
    ]
    conditions: list[Condition] = [{"build_id": {"$in": judgeable}}]
    if branch.names is not None:
        conditions.append({"source.name": {"$in": [*branch.names]}})
    # Of a document that was not read whole nothing is carried.
    conditions.append({"access": {"$type": "object"}})
    return conditions + [_rewrite_link(link) for link in branch.links]


def _rewrite_link(link: LinkConstraint) -> Condition:
    values: list[Any] = [*link.values, None, ""] if link.allows_empty else [*link.values]
    if not link.table:
        return {f"access.own.{link.field}": {"$in": values}}
    table, path = f"access.tables.{link.table}", f"access.tables.{link.table}.{link.field}"
    ways: list[Condition] = [
        {f"{table}.{HAS_ROWS}": False},
        {path: {"$type": "array", "$not": {"$elemMatch": {"$nin": values}}}},
    ]
    if link.allows_empty:
        # All of them are empty; had they been too many to carry, null would stand there.
        ways.append({f"{table}.{HAS_ROWS}": True, path: {"$exists": False}})
    return {"$or": ways}


def _judge_aggregates(case: Case) -> Grant | Refusal:
    conditions: list[Condition] = []
    for doctype, fields in case.fields.items():
        compiled = case.compiled[doctype]
        if isinstance(compiled, Denial):
            if compiled.code is Code.DOCTYPE_UNKNOWN:
                continue  # this ERP has none, so no figure holds any
            return Refusal(case.instance, doctype, compiled.code)
        covered = _cover(case.dataset, compiled)
        if covered is None:
            return Refusal(case.instance, doctype, "restricted")
        if any(_hides(compiled, field) for field in fields):
            return Refusal(case.instance, doctype, "field_hidden")
        conditions += covered
    hidden = _hide_beyond(case, {name for condition in conditions for name in condition})
    if case.dataset.observes:
        conditions.append(_observe(case.compiled))
    builds = [one.build_id for one in case.partitions]
    within = {"instance": case.instance, "build_id": {"$in": builds}}
    return Grant({"$and": [within, *conditions]}, hidden, is_whole=not conditions)


def _hide_beyond(case: Case, restricting: set[str]) -> frozenset[str]:
    """Return the columns that tell of rows which `restricting` columns keep from the person."""
    return frozenset(
        column.name
        for column in columns_of(case.dataset)
        if (column.within and not restricting <= {*column.within})
        or not all(shows_in_all(case.compiled, path) for path in column.evidence)
    )


def _observe(compiled: Mapping[str, Access | Denial]) -> Condition:
    """Return what of the warehouse's own state is told: of datasets, and of DocTypes seen whole."""
    whole = [
        name
        for name, access in compiled.items()
        if isinstance(access, Access) and access.is_unrestricted
    ]
    return {"$or": [{"kind": DATASET}, {"kind": DOCTYPE, "subject": {"$in": whole}}]}


def _cover(dataset: Dataset, access: Access) -> list[Condition] | None:
    """Return conditions on columns that stand for the restrictions of a role; None if none do."""
    if access.is_unrestricted:
        return []
    for branch in access.branches:
        if isinstance(branch, RoleBranch) and branch.hook is None:
            found = [_cover_link(dataset, access.doctype, link) for link in branch.links]
            if branch.names is not None:
                found.append(_cover_names(dataset, access.doctype, branch.names))
            if all(condition is not None for condition in found):
                return [condition for condition in found if condition is not None]
    return None


def _cover_link(dataset: Dataset, doctype: str, link: LinkConstraint) -> Condition | None:
    if link.table:
        return None  # the other rows of the document count, too, and are in other groups
    for dimension in dataset.dimensions:
        if dimension.link == link.target and f"{doctype}.{link.field}" in dimension.of:
            values: list[Any] = [*link.values, None, ""] if link.allows_empty else [*link.values]
            return {dimension.name: {"$in": values}}
    return None


def _cover_names(dataset: Dataset, doctype: str, names: tuple[str, ...]) -> Condition | None:
    for dimension in dataset.dimensions:
        if dimension.link == doctype and f"{doctype}.name" in dimension.of:
            return {dimension.name: {"$in": [*names]}}
    return None


def _hide(case: Case) -> Iterable[str]:
    """Yield the columns that reveal what the person may not see, the engine's among them."""
    yield from (one.name for one in columns_of(case.dataset) if _is_hidden(case, one))
    if not all(_shows(case, path) for path in case.dataset.dates):
        yield MONTH


def _is_hidden(case: Case, column: Dimension | Measure) -> bool:
    """Say whether a column reveals what the person may not see."""
    made_of = column.of
    if isinstance(column, Measure) and column.unit.startswith(INR):
        # A rate to INR tells of the company's currency, and of the day.
        made_of += tuple(f"{doctype}.company" for doctype in case.dataset.rows_of)
        made_of += case.dataset.dates
    shows = all(_shows(case, path) for path in made_of)
    return not (shows and all(shows_in_all(case.compiled, path) for path in column.evidence))


def _shows(case: Case, path: str) -> bool:
    """Say whether a field may be seen: of a DocType whose documents rows are parts of, of theirs.

    Of one that is looked up in all documents: nobody asks for each row which of them that was.
    """
    doctype, _, field = path.partition(".")
    if doctype not in case.dataset.rows_of:
        return shows_in_all(case.compiled, path)
    compiled = case.compiled[doctype]
    return isinstance(compiled, Denial) or not _hides(compiled, field)


def shows_in_all(compiled: Mapping[str, Access | Denial], path: str) -> bool:
    """Say whether a field may be seen in all documents of its DocType."""
    doctype, _, field = path.partition(".")
    match compiled.get(doctype):
        case None:
            return True  # a setting: it reveals nothing
        case Denial(code=code):
            return code is Code.DOCTYPE_UNKNOWN
        case access:
            return access.is_unrestricted and not _hides(access, field)


def _hides(access: Access, field: str) -> bool:
    """Say whether a field, or one of the fields of a table, is hidden."""
    return any(name == field or name.startswith(f"{field}.") for name in access.hidden)


def columns_of(dataset: Dataset) -> list[Dimension | Measure]:
    """Return all that a dataset declares to be shown."""
    return [*dataset.dimensions, *dataset.measures]
