"""What a dataset's file declares: the engine, the API, the docs and the checks all go by it.

Nothing that is not declared can be used: a rule sees the declared fields of the declared sources
and no others, which is what lets access be judged from the declaration alone.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from warehouse.datasets.scope import Scope

Expression = Any
"""An aggregation expression, such as `"$posting_date"` or `{"$ne": ["$is_opening", "Yes"]}`."""
Stages = list[dict[str, Any]]
Row = dict[str, Any]
MONTH = "month"


class Partition(StrEnum):
    """What is rebuilt together. Every row has `instance`, and the partition's other columns.

    INSTANCE_MONTH: `month` ("2026-04"); a dated source gives it the documents of that month.
    INSTANCE_AS_OF: `as_of` ("2026-04-30"); today's snapshot in the site's own calendar; earlier
    ones stay as they were built. INSTANCE: one for each instance. ACROSS: one for each instance as
    well, but built together, from the documents of all of them.
    """

    INSTANCE = "instance"
    INSTANCE_MONTH = "instance_month"
    INSTANCE_AS_OF = "instance_as_of"
    ACROSS = "across"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the engine fills."""
        more = {Partition.INSTANCE_MONTH: (MONTH,), Partition.INSTANCE_AS_OF: ("as_of",)}
        return ("instance", *more.get(self, ()))


@dataclass(frozen=True, slots=True)
class Source:
    """A DocType that rows are made of.

    `fields`: all that the rule uses of it, child tables as `items.item_code`; `name` is always
    there. `date`: the field that says into which month a document falls; without it a partition
    depends on all documents of the DocType. `by`: the columns that hold its documents' names, for
    one that is only looked up: a partition is then rebuilt only if a document that its rows name
    has changed in `fields`. `is_setting`: units, calendars and the like, which rows reveal nothing
    of; nobody needs access to them. `is_optional`: a site without it lacks nothing. `called`: what
    rules and inputs call it where its DocType is a source already, as of the invoices of any month
    that returns go against.
    """

    doctype: str
    fields: tuple[str, ...]
    date: str | None = None
    by: tuple[str, ...] = ()
    is_setting: bool = False
    is_optional: bool = False
    called: str = ""

    @property
    def name(self) -> str:
        """By what rules and inputs call it."""
        return self.called or self.doctype


@dataclass(frozen=True, slots=True)
class Upstream:
    """A dataset that rows are made of.

    `is_same_month`: a month's partition depends on the same month's there, and not on all of them.
    `by`: as of a Source, for a crosswalk that is only looked up.
    """

    slug: str
    is_same_month: bool = False
    by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """By what rules and inputs call it."""
        return self.slug


class ColumnKind(StrEnum):
    """What a dimension's column holds; dates are ERPNext's strings, as `2026-04-30`."""

    TEXT = "text"
    LINK = "link"
    DATE = "date"
    CHECK = "check"
    INTEGER = "integer"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column to filter and group by.

    `of`: the fields it is made of, as `Sales Invoice.items.warehouse`; whoever may not see one of
    them does not see the column. `link`: the DocType whose documents it names. A column that is
    derived from no single field (a season, a flag) names those that it reveals.
    `empty_in`: the DocTypes among `rows_of` whose rows have nothing in it; of each of the others
    `of` names a field. `evidence`: fields that documents are compared by, of which the column tells
    only whether they agree: it is for those who may see them in all documents. `is_across`: it
    tells so of a single row, so that it is for those who may see them in every instance, too.
    `within`: of an aggregate's column that tells of other rows than its own (a median, a rank), the
    dimensions that it stays within. Whoever is restricted by another one does not see it.
    """

    name: str
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    of: tuple[str, ...] = ()
    link: str | None = None
    description: str = ""
    empty_in: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    is_across: bool = False
    within: tuple[str, ...] = ()


class MeasureKind(StrEnum):
    """How a measure goes over groups of rows.

    ADDITIVE: summed. LAST: a balance; summed within a partition, never over time: of several
    months or days the last one counts. MIN, MAX: the lowest or highest of the rows that know one.
    The others are made when they are read. RATIO: a sum of one measure through a sum of another.
    DISTINCT: how many values of a dimension there are. NEW: how many of them first had a measure
    above 0 in a month that is among the group's; RETURNING: how many had it in an earlier one, and
    are not new. GROWTH: a sum against that of the same months a year before, null without one.
    """

    ADDITIVE = "additive"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    RATIO = "ratio"
    DISTINCT = "distinct"
    NEW = "new"
    RETURNING = "returning"
    GROWTH = "growth"

    @property
    def is_summed(self) -> bool:
        """Whether rows have a column of it that is added up."""
        return self in {MeasureKind.ADDITIVE, MeasureKind.LAST}

    @property
    def is_stored(self) -> bool:
        """Whether rows have a column of it, Decimal128 or a whole number."""
        return self.is_summed or self in {MeasureKind.MIN, MeasureKind.MAX}


# What compares the months of an INSTANCE_MONTH dataset.
OVER_MONTHS = frozenset({MeasureKind.NEW, MeasureKind.RETURNING, MeasureKind.GROWTH})


@dataclass(frozen=True, slots=True)
class Measure:
    """A number. `unit`: `INR`, `kg`, `lines`, … `of`: as of a dimension, the fields it reveals.

    `parts`: of a RATIO the measures (numerator, denominator), of a DISTINCT the dimension, of a NEW
    or RETURNING the dimension and the measure, of a GROWTH the measure. `factor`: what a ratio is
    multiplied by, such as 100 for percent. `empty_in`, `evidence`, `is_across`, `within`: as of a
    dimension.
    """

    name: str
    title: str
    unit: str
    kind: MeasureKind = MeasureKind.ADDITIVE
    of: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    factor: int = 1
    description: str = ""
    empty_in: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    is_across: bool = False
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of quality over the rows of one build.

    `violated`: an expression that is true of a row that breaks it. More than `at_most_share` of the
    rows (0: any) and the check fails. `blocks`: then the earlier build stays live; otherwise the
    failure is shown beside the new one.
    """

    code: str
    title: str
    violated: Expression
    at_most_share: float = 0.0
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class TieOut:
    """A comparison of the rows with another total of the same thing; shown, blocking nothing.

    `ours`: stages over the rows of a build, `theirs`: a feed (its `row` is not used); both end in
    documents `{_id: group, total: number}`. Groups that differ by more than `tolerance` are named
    with both figures; a group that one side lacks counts as 0.
    """

    code: str
    title: str
    ours: Callable[[Scope], Stages]
    theirs: Callable[[Scope], Feed]
    tolerance: str = "0.01"


@dataclass(frozen=True, slots=True)
class Reject:
    """A reason why a row can't be used: those for which `when` is true are kept aside, counted."""

    code: str
    when: Expression


@dataclass(frozen=True, slots=True)
class Feed:
    """A pipeline over one source that ends in rows; it runs inside MongoDB.

    `of`: the DocType, whose declared fields the stages see at the top level as ERPNext names them
    (of a partition's month, if the source is dated), or an upstream dataset, whose rows they see.
    `row`: column → expression, for every declared dimension and every stored measure; the engine
    adds the partition's columns. `rejects`: tried in order, on what the stages left.
    Where rows are parts of documents (`Dataset.rows_of`) the engine carries the document's name
    and links in `_document`, so no stage may drop or group it.
    """

    of: str
    row: Mapping[str, Expression]
    stages: Stages
    rejects: Sequence[Reject] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset.

    `grain`: in words, what one row is. `key`: the columns that tell rows apart, `instance` and
    `company` first. `rows_of`: the DocTypes of whose documents each row is a part: a person sees
    the rows of the documents that they may see. Empty: rows are aggregates, given only to those who
    may see everything that they are made of. `cleaning`: the codes of the rules that it applies
    (C1 to C15, see docs/add-a-dataset.md); rows may have `cleaned`, the codes that were applied to
    them, which the engine counts. `crosswalk`: of an ACROSS dataset, the column by which feeds of
    DocTypes look its rows up (`scope.crosswalk`). `observes`: it tells of the warehouse itself, and
    is given `scope.observations`.

    `build`: a function from scope to feeds, which MongoDB runs; or an async generator that takes
    the scope and yields rows, for what needs Python: it reads by `scope.read` and holds no more
    than it must. Its rows have every column, and may have `rejected` with a reason's code. Where
    rows are parts of documents they have `source`: `{"doctype": …, "name": …}`, whose links the
    engine adds; with ACROSS they have `instance` too.
    """

    slug: str
    title: str
    description: str
    owner: str
    grain: str
    key: tuple[str, ...]
    partition: Partition
    sources: tuple[Source | Upstream, ...]
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    checks: tuple[Check, ...]
    freshness_hours: int
    build: Callable[[Scope], Any]
    cleaning: tuple[str, ...] = ()
    crosswalk: str | None = None
    observes: bool = False
    rows_of: tuple[str, ...] = ()
    tie_outs: tuple[TieOut, ...] = ()

    @property
    def is_streamed(self) -> bool:
        """Whether rows come from Python and not from pipelines."""
        return inspect.isasyncgenfunction(self.build)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the rule must give of each row: the engine fills the partition's own."""
        stored = [one.name for one in self.measures if one.kind.is_stored]
        return (*(one.name for one in self.dimensions), *stored)

    @property
    def dates(self) -> tuple[str, ...]:
        """The fields that say into which month the documents fall that rows are parts of."""
        dated = (one for one in self.doctypes if one.date and one.doctype in self.rows_of)
        return tuple(f"{one.doctype}.{one.date}" for one in dated)

    @property
    def doctypes(self) -> tuple[Source, ...]:
        """The DocTypes among the sources."""
        return tuple(one for one in self.sources if isinstance(one, Source))

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """The datasets among the sources."""
        return tuple(one for one in self.sources if isinstance(one, Upstream))
