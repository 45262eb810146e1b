"""Datasets: what they are, how fresh they are, their rows and their grouped measures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Self

from msgspec import Meta, Struct

from warehouse.dashboards.columns import RowColumns
from warehouse.dashboards.rows import present
from warehouse.datasets.declaration import Source
from warehouse.documents.dataset_status import find_as_of
from warehouse.reading.filters import operators_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from warehouse.dashboards.opening import OpenDataset
    from warehouse.dashboards.query import Answered
    from warehouse.dashboards.rows import RowPage
    from warehouse.datasets.declaration import Dataset, Measure, Upstream
    from warehouse.documents.datasets import LivePartition

AsOf = Annotated[
    datetime | None,
    Meta(description="All sources were complete as of then; null: one never was."),
]


class DatasetSummary(Struct, frozen=True):
    """A dataset in a list."""

    slug: str
    title: str
    description: str
    owner: str
    grain: Annotated[str, Meta(description="What one row is.")]
    is_aggregate: Annotated[
        bool,
        Meta(
            description="Rows are sums: given only to those who may read all that they are made of."
        ),
    ]
    freshness_hours: Annotated[int, Meta(description="How old the data may be, as promised.")]
    built_at: Annotated[datetime | None, Meta(description="The latest build; null: never built.")]
    as_of: AsOf
    is_late: Annotated[bool, Meta(description="Older than promised, or not known.")]

    @classmethod
    def of(cls, dataset: Dataset, live: Sequence[LivePartition]) -> Self:
        """Return the wire form of a dataset, fresh as its partitions that concern the caller."""
        as_of = find_as_of(live)
        oldest = datetime.now(UTC) - timedelta(hours=dataset.freshness_hours)
        return cls(
            slug=dataset.slug,
            title=dataset.title,
            description=dataset.description,
            owner=dataset.owner,
            grain=dataset.grain,
            is_aggregate=not dataset.rows_of,
            freshness_hours=dataset.freshness_hours,
            built_at=max((one.built_at for one in live), default=None),
            as_of=as_of,
            is_late=as_of is None or as_of < oldest,
        )


class DatasetList(Struct, frozen=True):
    """Datasets."""

    items: list[DatasetSummary]


class DatasetSource(Struct, frozen=True):
    """What a dataset is made of: a DocType, or another dataset."""

    doctype: str | None
    dataset: str | None
    fields: Annotated[list[str], Meta(description="Of a DocType: the fields that are used.")]


class DatasetColumn(Struct, frozen=True):
    """A column to filter, sort and group by."""

    name: str
    title: str
    kind: str
    link_to: Annotated[str | None, Meta(description="The DocType whose documents it names.")]
    description: str
    operators: list[str]


class DatasetMeasure(Struct, frozen=True):
    """A number."""

    name: str
    title: str
    unit: str
    kind: Annotated[
        str,
        Meta(
            description="`additive`: summed. `last`: a balance, never summed over time. `min`, "
            "`max`: the lowest, the highest. `ratio`: `parts[0]` by `parts[1]`, times `factor`. "
            "`distinct`: values of `parts[0]`, counted. `new`: those of them that first had "
            "`parts[1]` above 0 in a month of the group, `returning`: in an earlier one. `growth`: "
            "what `parts[0]` is above that of the same months a year before, by that, times "
            "`factor`."
        ),
    ]
    parts: list[str]
    factor: int
    description: str
    is_stored: Annotated[bool, Meta(description="Rows have it as a column.")]

    @classmethod
    def of(cls, measure: Measure) -> Self:
        """Return the wire form of a measure."""
        return cls(
            name=measure.name,
            title=measure.title,
            unit=measure.unit,
            kind=measure.kind.value,
            parts=list(measure.parts),
            factor=measure.factor,
            description=measure.description,
            is_stored=measure.kind.is_stored,
        )


class DatasetCheck(Struct, frozen=True):
    """A check of quality, over the partitions of the instances that the caller may open."""

    code: str
    title: str
    passed: bool


class DatasetGap(Struct, frozen=True):
    """A source that is not whole, and why."""

    instance: str
    doctype: str
    reason: str


class DatasetRefusal(Struct, frozen=True):
    """An instance of which nothing is given, and the DocType because of which."""

    instance: str
    doctype: str
    code: str


class DatasetDetail(DatasetSummary, frozen=True, kw_only=True):
    """A dataset: its schema, freshness and checks. Columns that are hidden are not shown."""

    key: list[str]
    partition: str
    cleaning: Annotated[list[str], Meta(description="Codes of the cleaning rules applied.")]
    sources: list[DatasetSource]
    columns: list[DatasetColumn]
    measures: list[DatasetMeasure]
    checks: list[DatasetCheck]
    gaps: list[DatasetGap]
    failures: Annotated[
        dict[str, str],
        Meta(
            description="Partitions whose last build failed, so that an earlier one is shown, or "
            "none if there is none."
        ),
    ]
    refused: list[DatasetRefusal]

    @classmethod
    def of_opened(cls, opened: OpenDataset) -> Self:
        """Return the wire form of a dataset as the caller sees it."""
        summary = DatasetSummary.of(opened.dataset, opened.live)
        dataset, columns = opened.dataset, RowColumns.of(opened)
        failed = {code for one in opened.live for code in one.warnings}
        checks = [(one.code, one.title) for one in dataset.checks]
        checks += [(one.code, one.title) for one in dataset.tie_outs]
        return cls(
            **{name: getattr(summary, name) for name in summary.__struct_fields__},
            key=list(dataset.key),
            partition=dataset.partition.value,
            cleaning=list(dataset.cleaning),
            sources=_describe_sources(dataset.sources),
            columns=_columns(columns),
            measures=[DatasetMeasure.of(one) for one in columns.measures.values()],
            checks=[DatasetCheck(code, title, code not in failed) for code, title in checks],
            gaps=_gaps(opened),
            failures=_failures(opened),
            refused=_refused(opened),
        )


class DatasetRowPage(Struct, frozen=True):
    """A page of rows. Money and quantities are JSON numbers of exactly the digits that are stored.

    Read them as decimals, not as floats, where sums must be exact.
    """

    items: Annotated[
        list[dict[str, Any]],
        Meta(description="Columns by name; `source` is the document that a row is a part of."),
    ]
    next_cursor: Annotated[
        str | None, Meta(description="`cursor` of the next page; null on the last one.")
    ]
    count: Annotated[int | None, Meta(description="Rows of the whole list, if counted.")]
    count_capped: Annotated[bool, Meta(description="There are more rows than `count` says.")]
    as_of: AsOf
    gaps: list[DatasetGap]
    refused: list[DatasetRefusal]

    @classmethod
    def of(cls, opened: OpenDataset, page: RowPage) -> Self:
        """Return the wire form of a page as it was read."""
        return cls(
            items=[present(row, page.names) for row in page.rows],
            next_cursor=page.next_cursor,
            count=page.count,
            count_capped=page.is_count_capped,
            as_of=find_as_of(opened.live),
            gaps=_gaps(opened),
            refused=_refused(opened),
        )


class DatasetQueryAnswer(Struct, frozen=True):
    """Grouped measures, in the order of what they are grouped by; null: nothing is known of it."""

    items: Annotated[
        list[dict[str, Any]],
        Meta(description="`{<by>…, <measure>: value}`; exact JSON numbers, as in rows."),
    ]
    by: list[str]
    measures: list[DatasetMeasure]
    as_of: AsOf
    gaps: list[DatasetGap]
    refused: list[DatasetRefusal]

    @classmethod
    def of(cls, opened: OpenDataset, answered: Answered) -> Self:
        """Return the wire form of an answer."""
        return cls(
            items=answered.groups,
            by=answered.by,
            measures=[DatasetMeasure.of(one) for one in answered.measures],
            as_of=find_as_of(opened.live),
            gaps=_gaps(opened),
            refused=_refused(opened),
        )


def _describe_sources(sources: Iterable[Source | Upstream]) -> list[DatasetSource]:
    """Return DocTypes, each once with all that is read of it, and then datasets."""
    fields: dict[str, dict[str, None]] = {}
    for one in sources:
        if isinstance(one, Source):
            fields.setdefault(one.doctype, {}).update(dict.fromkeys(one.fields))
    doctypes = [DatasetSource(doctype, None, [*names]) for doctype, names in fields.items()]
    return doctypes + [
        DatasetSource(None, one.slug, []) for one in sources if not isinstance(one, Source)
    ]


_FILLED = {"instance": "Instance", "month": "Month", "as_of": "As of"}


def _columns(columns: RowColumns) -> list[DatasetColumn]:
    declared = {one.name: one for one in columns.dataset.dimensions}
    return [
        DatasetColumn(
            name=name,
            title=declared[name].title if name in declared else _FILLED[name],
            kind=kind.value,
            link_to=declared[name].link if name in declared else None,
            description=declared[name].description if name in declared else "",
            operators=list(operators_of(columns.stored.own[name])),
        )
        for name, kind in columns.dimensions.items()
    ]


def _gaps(opened: OpenDataset) -> list[DatasetGap]:
    found = {(gap.instance, gap.doctype, gap.reason) for one in opened.live for gap in one.gaps}
    return [DatasetGap(*gap) for gap in sorted(found)]


def _failures(opened: OpenDataset) -> dict[str, str]:
    """Return partition → the check that its last build broke; figures are for operators."""
    unnamed = "The build failed; those who look after the warehouse see why."
    failed = {str(one.slot): one.failure for one in opened.live if one.failure}
    return {slot: why.check or unnamed for slot, why in sorted({**opened.failed, **failed}.items())}


def _refused(opened: OpenDataset) -> list[DatasetRefusal]:
    return [DatasetRefusal(one.instance, one.doctype, one.code) for one in opened.refusals]
