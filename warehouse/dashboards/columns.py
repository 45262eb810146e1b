"""What can be asked of a dataset's rows: the columns that a subject may see, in the one grammar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from warehouse.datasets.declaration import MONTH, OVER_MONTHS, ColumnKind, MeasureKind
from warehouse.errors import QueryRefused
from warehouse.reading.columns import Column, Columns, Kind
from warehouse.reading.filters import parse_filters
from warehouse.variables import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.dashboards.opening import OpenDataset
    from warehouse.datasets.declaration import Dataset, Measure

_KINDS = {
    ColumnKind.TEXT: Kind.TEXT,
    ColumnKind.LINK: Kind.LINK,
    ColumnKind.DATE: Kind.DATE,
    ColumnKind.CHECK: Kind.CHECK,
    ColumnKind.INTEGER: Kind.INTEGER,
}
_FILLED = {"instance": Kind.TEXT, "month": Kind.TEXT, "as_of": Kind.DATE}


@dataclass(frozen=True)
class RowColumns:
    """The columns of a dataset without the hidden ones."""

    dataset: Dataset
    hidden: frozenset[str] = frozenset()

    @classmethod
    def of(cls, opened: OpenDataset) -> RowColumns:
        """Return what a subject may ask for."""
        return cls(opened.dataset, opened.hidden)

    @cached_property
    def dimensions(self) -> dict[str, Kind]:
        """What rows can be grouped by: the engine's columns, then the dataset's."""
        filled = (name for name in self.dataset.partition.columns if name not in self.hidden)
        kinds = {name: _FILLED[name] for name in filled}
        shown = (one for one in self.dataset.dimensions if one.name not in self.hidden)
        return kinds | {one.name: _KINDS[one.kind] for one in shown}

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """The measures that can be asked for: none that is made of a hidden column."""
        return {
            one.name: one
            for one in self.dataset.measures
            if not self.hidden & {one.name, *one.parts, *_times(one)}
        }

    @cached_property
    def stored(self) -> Columns:
        """The columns of rows, to filter and sort by and to ask for."""
        kinds = dict(self.dimensions)
        for one in self.measures.values():
            if one.kind.is_stored:
                kinds[one.name] = Kind.DECIMAL
        own = {name: Column(name, kind, name) for name, kind in kinds.items()}
        return Columns(own, listed=tuple(own))

    def choose_dimensions(self, text: str | None) -> list[str]:
        """Return the names in `by=`.

        Raises:
            QueryRefused: if one is no column to group by.
        """
        names = text.split(",") if text else []
        for name in names:
            if name not in self.dimensions:
                raise _unknown("by", name, self.dimensions)
        return list(dict.fromkeys(names))

    def choose_measures(self, text: str) -> list[Measure]:
        """Return the measures in `measure=`.

        Raises:
            QueryRefused: if one is none.
        """
        names = list(dict.fromkeys(text.split(",")))
        for name in names:
            if name not in self.measures:
                raise _unknown("measure", name, self.measures)
        return [self.measures[name] for name in names]


def read_instances(dataset: Dataset, filters: Iterable[tuple[str, str]]) -> frozenset[str] | None:
    """Return the instances that filters ask for by name; None if they do not.

    Access to the others is then not asked for: that one of them refuses concerns nobody.
    """
    columns = RowColumns(dataset).stored
    asked: frozenset[str] | None = None
    for parameter, text in filters:
        if parameter in {"instance__exact", "instance__in"}:
            [one] = parse_filters(columns, [(parameter, text)])
            [found] = one.compile().values()
            names = frozenset(found if isinstance(found, list) else [found])
            asked = names if asked is None else asked & names
    return asked


def is_over_time(measure: Measure, by: Iterable[str], time: str | None) -> bool:
    """Say whether a measure must not be summed over the partitions that a query spans."""
    return measure.kind is MeasureKind.LAST and time is not None and time not in by


def _times(measure: Measure) -> Iterable[str]:
    """Return the columns of the engine that a measure compares rows by."""
    return (MONTH,) if measure.kind in OVER_MONTHS else ()


def _unknown(parameter: str, name: str, known: Iterable[str]) -> QueryRefused:
    shown, names = name[:100], list(known)
    return QueryRefused(
        f"There is no {shown} for {parameter}." if shown else f"{parameter} names nothing.",
        cure=suggest(shown, names) or f"Known: {', '.join(names)}.",
        code="unknown_field",
        parameter=parameter,
    )
