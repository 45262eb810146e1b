"""What is wrong with a declaration, each fault in a sentence that says how to mend it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from warehouse.cleaning.rules import RULES
from warehouse.datasets.declaration import OVER_MONTHS, ColumnKind, MeasureKind, Partition
from warehouse.documents.raw import SORTED_BY
from warehouse.variables import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from warehouse.datasets.declaration import Dataset, Dimension, Measure, Source

_SLUG = re.compile(r"[a-z][a-z0-9_]{1,59}")
# The engine's own, and what a parameter of a query is called.
RESERVED = frozenset(
    (
        *("instance", "month", "as_of", "build_id", "row", "source", "access", "rejected"),
        "cleaned",
        *("by", "count", "cursor", "fields", "measure", "size", "sort"),
    )
)
# What they hold is no secret of anyone: units, calendars, rates, a company's currency, trees.
SETTINGS = frozenset(
    (
        *("Company", "Currency Exchange", "Fiscal Year", "UOM Conversion Factor", "UOM"),
        *("Item Group", "Territory", "Warehouse"),
    )
)
# C15: none of these enters the business database, hashed or not.
PERSONAL = re.compile(
    r"aadhaa?r|bank_account_no|iban|mobile|phone|e_?mail|gstin|tax_id|(^|_)pan(_|$)|date_of_birth"
)

# What the parts of a measure are.
_OF_VALUES = (("dimension", "additive"), "its parts are a dimension and an additive measure")
_PARTS = {
    MeasureKind.RATIO: (("summed", "summed"), "a ratio's parts are two measures that are summed"),
    MeasureKind.DISTINCT: (("dimension",), "what is counted is one dimension"),
    MeasureKind.NEW: _OF_VALUES,
    MeasureKind.RETURNING: _OF_VALUES,
    MeasureKind.GROWTH: (("additive",), "what grows is one additive measure"),
}


def find_faults(dataset: Dataset, known: Mapping[str, Dataset]) -> Iterator[str]:
    """Yield what is wrong with a dataset among all the `known` ones."""
    yield from _name_faults(dataset)
    yield from _key_faults(dataset)
    for source in dataset.doctypes:
        yield from _source_faults(dataset, source)
    yield from _upstream_faults(dataset, known)
    yield from _rows_of_faults(dataset, known)
    for dimension in dataset.dimensions:
        yield from _of_faults(dataset, known, dimension)
        yield from _coverage_faults(dataset, dimension)
        yield from _reach_faults(dataset, dimension)
    for measure in dataset.measures:
        yield from _of_faults(dataset, known, measure)
        yield from _coverage_faults(dataset, measure)
        yield from _reach_faults(dataset, measure)
        yield from _measure_faults(dataset, measure)


def _name_faults(dataset: Dataset) -> Iterator[str]:
    if not _SLUG.fullmatch(dataset.slug):
        yield "its slug is not lower-case letters, digits and underscores"
    names = [one.name for one in dataset.dimensions] + [one.name for one in dataset.measures]
    for name in names:
        if not _SLUG.fullmatch(name):
            yield f"column {name!r} is not lower-case letters, digits and underscores"
        elif name in RESERVED:
            yield f"column {name} is the engine's or the API's own: give it another name"
    yield from _twice("column", names)
    yield from _twice("check", _codes(dataset))
    yield from _twice("source", [one.name for one in dataset.sources])
    for code in dataset.cleaning:
        if code not in RULES:
            yield f"there is no cleaning rule {code}. Known: {', '.join(RULES)}"
    if dataset.freshness_hours < 1:
        yield "freshness_hours is not at least 1"
    if dataset.is_streamed and dataset.tie_outs:
        yield "a tie-out needs pipelines: make it a check of the rows"


def _key_faults(dataset: Dataset) -> Iterator[str]:
    if dataset.key[:2] != ("instance", "company"):
        yield "its key does not begin with instance, company"
    columns = {*dataset.columns, *dataset.partition.columns}
    if dataset.crosswalk and dataset.partition is not Partition.ACROSS:
        yield "a crosswalk goes across all instances: its partition is ACROSS"
    if dataset.crosswalk and dataset.crosswalk not in columns:
        yield f"{dataset.crosswalk}, by which it is looked up, is no column"
    for name in dataset.key:
        if name not in columns:
            yield f"{name} of its key is no column. {suggest(name, columns)}".strip()
    if "company" not in {one.name for one in dataset.dimensions}:
        yield "it has no dimension company"


def _source_faults(dataset: Dataset, source: Source) -> Iterator[str]:
    label = f"source {source.name}"
    if source.date and source.date not in SORTED_BY:
        yield f"{label}: date is none of the indexed {', '.join(SORTED_BY)}"
    if source.date and source.by:
        yield f"{label}: it is either dated or looked up by a column"
    if source.is_setting and source.doctype not in SETTINGS:
        yield f"{label}: is_setting is for {', '.join(sorted(SETTINGS))} only"
    for column in source.by:
        if column not in dataset.columns:
            yield f"{label}: by names {column}, which is no column"


def _upstream_faults(dataset: Dataset, known: Mapping[str, Dataset]) -> Iterator[str]:
    for upstream in dataset.upstreams:
        found = known.get(upstream.slug)
        if found is None:
            yield f"there is no dataset {upstream.slug}. {suggest(upstream.slug, known)}".strip()
        elif upstream.by and not found.crosswalk:
            yield f"{upstream.slug}: by is for a crosswalk, which it is not"
        elif upstream.is_same_month and not (
            dataset.partition is found.partition is Partition.INSTANCE_MONTH
        ):
            yield f"{upstream.slug}: is_same_month needs partitions by month on both sides"


def _rows_of_faults(dataset: Dataset, known: Mapping[str, Dataset]) -> Iterator[str]:
    there = {one.doctype for one in dataset.doctypes}
    for upstream in dataset.upstreams:
        there |= set(known[upstream.slug].rows_of) if upstream.slug in known else set()
    for doctype in dataset.rows_of:
        if doctype not in there:
            yield f"rows_of names {doctype}, which is no source of it"
        elif dataset.partition is Partition.INSTANCE_MONTH and not any(
            one.doctype == doctype and one.date for one in dataset.doctypes
        ):
            yield f"{doctype}, of which rows are parts, has no date, by which months are hidden"


def _of_faults(
    dataset: Dataset, known: Mapping[str, Dataset], column: Dimension | Measure
) -> Iterator[str]:
    fields = _fields_under(dataset, known)
    for path in (*column.of, *column.evidence):
        if path not in fields:
            yield (
                f"column {column.name}: {path} is no declared field of a source, written as "
                f"Sales Invoice.items.qty. {suggest(path, fields)}"
            ).strip()
        elif path in column.of and PERSONAL.search(path.rpartition(".")[2].lower()):
            yield f"column {column.name}: {path} identifies a person (C15) and stays out"


def _coverage_faults(dataset: Dataset, column: Dimension | Measure) -> Iterator[str]:
    """Yield the DocTypes of rows of which a column doesn't say from which field it comes."""
    rows_of, empty = set(dataset.rows_of), set(column.empty_in)
    named = {path.partition(".")[0] for path in column.of} & rows_of
    if named:
        for doctype in sorted(rows_of - named - empty):
            yield (
                f"column {column.name}: its of names no field of {doctype}, whose rows have it "
                f"too. Name it, or declare empty_in={doctype!r}"
            )
    for doctype in sorted(empty & named | empty - rows_of):
        yield f"column {column.name}: empty_in names {doctype}, whose rows have it or are none"


def _reach_faults(dataset: Dataset, column: Dimension | Measure) -> Iterator[str]:
    names = {one.name for one in dataset.dimensions}
    for name in column.within:
        if name not in names:
            yield f"column {column.name}: within names {name}, which is no dimension"
    if column.is_across and not column.evidence:
        yield f"column {column.name}: is_across is of evidence, of which it names none"
    if column.within and dataset.rows_of:
        yield f"column {column.name}: within is for aggregates, and rows_of names documents"


def _fields_under(dataset: Dataset, known: Mapping[str, Dataset], depth: int = 0) -> set[str]:
    found = {
        f"{source.doctype}.{field}"
        for source in dataset.doctypes
        for field in ("name", *source.fields)
    }
    if depth > len(known):  # a circle, which the registry tells of
        return found
    for upstream in dataset.upstreams:
        if upstream.slug in known:
            found |= _fields_under(known[upstream.slug], known, depth + 1)
    return found


def _measure_faults(dataset: Dataset, measure: Measure) -> Iterator[str]:
    label = f"measure {measure.name}"
    needed, said = _PARTS.get(measure.kind, ((), "rows have it as a column, so it has no parts"))
    roles = [_roles(dataset, name) for name in measure.parts]
    if len(roles) != len(needed) or not all(
        one in found for one, found in zip(needed, roles, strict=True)
    ):
        yield f"{label}: {said}"
    if measure.kind is MeasureKind.ADDITIVE and dataset.partition is Partition.INSTANCE_AS_OF:
        yield f"{label}: each day has it anew, so it is of kind LAST"
    if measure.kind in OVER_MONTHS and dataset.partition is not Partition.INSTANCE_MONTH:
        yield f"{label}: it compares months, so the partition is INSTANCE_MONTH"
    if measure.kind is MeasureKind.GROWTH:
        for one in dataset.dimensions:
            if one.kind is ColumnKind.DATE:
                yield f"{label}: it compares months, and {one.name} holds days"


def _roles(dataset: Dataset, name: str) -> Iterable[str]:
    """Return what a column can be of a measure."""
    kinds = {one.name: one.kind for one in dataset.measures}
    if name in {one.name for one in dataset.dimensions}:
        return ("dimension",)
    if name not in kinds or not kinds[name].is_summed:
        return ()
    return ("summed", kinds[name].value)


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{what} {name} is declared {times} times"


def _codes(dataset: Dataset) -> list[str]:
    return [one.code for one in dataset.checks] + [one.code for one in dataset.tie_outs]
