"""The registry takes what is declared rightly, and says of the rest what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.warehouse.transform.rules import LINES as SMALL
from warehouse.datasets.declaration import (
    ColumnKind,
    Dataset,
    Dimension,
    Measure,
    MeasureKind,
    Partition,
    Source,
    Upstream,
)
from warehouse.datasets.registry import Registry, load_registry
from warehouse.errors import DatasetError

LINES = replace(SMALL, slug="sales_lines")
MONTHLY = replace(
    LINES, slug="monthly", sources=(Upstream("sales_lines", is_same_month=True),), rows_of=()
)


def faults_of(*datasets: Dataset) -> str:
    with pytest.raises(DatasetError) as caught:
        Registry(datasets)
    return str(caught.value)


def test_what_the_project_declares_is_taken():
    assert load_registry().datasets


def test_upstream_datasets_come_first():
    assert list(Registry([MONTHLY, LINES]).datasets) == ["sales_lines", "monthly"]


def test_an_unknown_dataset_is_refused_naming_the_nearest():
    with pytest.raises(DatasetError, match="Did you mean sales_lines"):
        Registry([LINES]).get("sale_lines")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slug": "Sales-Lines"}, "slug is not lower-case"),
        ({"key": ("company", "invoice")}, "does not begin with instance, company"),
        ({"key": ("instance", "company", "invoise")}, "Did you mean invoice"),
        ({"dimensions": ()}, "it has no dimension company"),
        ({"dimensions": (*LINES.dimensions, LINES.dimensions[0])}, "company is declared 2 times"),
        ({"dimensions": (*LINES.dimensions, Dimension("month", "Month"))}, "give it another name"),
        ({"cleaning": ("C99",)}, "no cleaning rule C99"),
        ({"freshness_hours": 0}, "at least 1"),
        ({"rows_of": ("Journal Entry",)}, "Journal Entry, which is no source"),
        ({"sources": (Upstream("sale_lines"),)}, "there is no dataset sale_lines"),
        ({"sources": (*LINES.sources, Source("Item", ("name",), date="modified"))}, "indexed"),
        ({"sources": (*LINES.sources, Source("Item", (), by=("item",)))}, "item, which is no col"),
        ({"sources": (*LINES.sources, Source("User", (), is_setting=True))}, "is_setting is for"),
        ({"partition": Partition.INSTANCE, "sources": MONTHLY.sources}, "partitions by month"),
    ],
)
def test_a_wrong_declaration_is_refused(wrong, said):
    dataset = replace(LINES, **wrong) if "slug" in wrong else replace(LINES, slug="other", **wrong)
    assert said in faults_of(LINES, dataset)


def test_a_column_of_an_undeclared_field_is_refused():
    wrong = Dimension("territory", "Territory", of=("Sales Invoice.territory",))
    said = faults_of(replace(LINES, dimensions=(*LINES.dimensions, wrong)))
    assert "Sales Invoice.territory is no declared field" in said


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Dimension("owed", "Owed", of=("Sales Invoice.total",)), "names no field of POS Invoice"),
        (Dimension("owed", "Owed", of=("Item.item_group",), empty_in=("Item",)), "names Item"),
        (
            Dimension(
                "owed",
                "Owed",
                of=("Sales Invoice.total", "POS Invoice.total"),
                empty_in=("POS Invoice",),
            ),
            "empty_in names POS Invoice",
        ),
    ],
)
def test_a_column_says_where_it_comes_from_in_rows_of_every_doctype(column, said):
    both = two_kinds_of_rows(column)
    assert said in faults_of(both)


def test_a_column_may_be_empty_in_rows_of_one_doctype():
    column = Dimension("owed", "Owed", of=("Sales Invoice.total",), empty_in=("POS Invoice",))
    assert Registry([two_kinds_of_rows(column)]).datasets


def test_evidence_may_identify_a_person_but_is_declared():
    source = replace(LINES.sources[0], fields=(*LINES.sources[0].fields, "contact_mobile"))
    twin = Dimension("twin", "Twin", evidence=("Sales Invoice.contact_mobile",))
    dataset = replace(LINES, dimensions=(*LINES.dimensions, twin))
    assert "no declared field" in faults_of(dataset)
    assert Registry([replace(dataset, sources=(source, *LINES.sources[1:]))]).datasets


def test_a_doctype_that_is_a_source_twice_is_called_something_else_there():
    looked_up = Source("Sales Invoice", ("total",), by=("invoice",))
    twice = replace(LINES, sources=(*LINES.sources, looked_up))
    assert "source Sales Invoice is declared 2 times" in faults_of(twice)
    called = replace(looked_up, called="returned Sales Invoice")
    assert Registry([replace(LINES, sources=(*LINES.sources, called))]).datasets


def test_how_far_a_column_reaches_is_declared_rightly():
    median = Measure("median", "Median", "INR", within=("hub",))
    said = faults_of(replace(LINES, measures=(*LINES.measures, median)))
    assert "column median: within names hub, which is no dimension" in said
    assert "within is for aggregates" in said
    unfounded = Dimension("method", "Method", is_across=True)
    said = faults_of(replace(LINES, dimensions=(*LINES.dimensions, unfounded)))
    assert "column method: is_across is of evidence" in said
    monthly = replace(MONTHLY, measures=(replace(median, within=("customer",)),))
    assert Registry([LINES, monthly]).datasets


def test_a_column_that_identifies_a_person_is_refused():
    source = replace(LINES.sources[0], fields=(*LINES.sources[0].fields, "contact_mobile"))
    wrong = Dimension("phone", "Phone", of=("Sales Invoice.contact_mobile",))
    dimensions = (*LINES.dimensions, wrong)
    said = faults_of(replace(LINES, sources=(source,), dimensions=dimensions))
    assert "identifies a person (C15)" in said


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (Measure("rate", "Rate", "INR", MeasureKind.RATIO, parts=("net",)), "two measures"),
        (Measure("parties", "Parties", "", MeasureKind.DISTINCT, parts=("net",)), "one dimension"),
        (Measure("total", "Total", "INR", parts=("net",)), "it has no parts"),
        (Measure("least", "Least", "INR", MeasureKind.MIN, parts=("net",)), "it has no parts"),
        (Measure("new", "New", "", MeasureKind.NEW, parts=("customer",)), "dimension and an add"),
        (Measure("old", "Old", "", MeasureKind.RETURNING, parts=("net", "net")), "a dimension and"),
        (Measure("growth", "Growth", "%", MeasureKind.GROWTH, parts=("customer",)), "what grows"),
    ],
)
def test_a_measure_with_wrong_parts_is_refused(measure, said):
    assert said in faults_of(replace(LINES, measures=(*LINES.measures, measure)))


def test_a_ratio_of_the_lowest_is_refused():
    lowest = Measure("least", "Least", "INR", MeasureKind.MIN)
    ratio = Measure("rate", "Rate", "INR", MeasureKind.RATIO, parts=("net", "least"))
    said = faults_of(replace(LINES, measures=(*LINES.measures, lowest, ratio)))
    assert "a ratio's parts are two measures that are summed" in said


def test_what_each_day_has_anew_is_not_summed():
    said = faults_of(replace(LINES, partition=Partition.INSTANCE_AS_OF))
    assert "measure net: each day has it anew, so it is of kind LAST" in said


def test_growth_needs_months_and_no_days():
    growth = Measure("growth", "Growth", "%", MeasureKind.GROWTH, parts=("net",))
    day = Dimension("day", "Day", ColumnKind.DATE)
    daily = replace(LINES, measures=(*LINES.measures, growth), dimensions=(*LINES.dimensions, day))
    assert "day holds days" in faults_of(daily)
    assert "INSTANCE_MONTH" in faults_of(replace(daily, partition=Partition.INSTANCE))


def test_a_circle_of_datasets_is_refused():
    first = replace(MONTHLY, slug="first", sources=(Upstream("second"),))
    second = replace(MONTHLY, slug="second", sources=(Upstream("first"),))
    circle = tuple(replace(one, dimensions=_bare(one), measures=()) for one in (first, second))
    assert "in a circle" in faults_of(*circle)


def test_everything_that_is_wrong_is_said_at_once():
    said = faults_of(replace(LINES, cleaning=("C77",), freshness_hours=0))
    assert "C77" in said
    assert "freshness_hours" in said


def two_kinds_of_rows(column: Dimension) -> Dataset:
    pos = replace(LINES.sources[0], doctype="POS Invoice")
    return replace(
        LINES,
        sources=(*LINES.sources, pos),
        rows_of=("Sales Invoice", "POS Invoice"),
        dimensions=(*_bare(LINES), column),
        measures=(),
    )


def _bare(dataset: Dataset) -> tuple[Dimension, ...]:
    return tuple(replace(one, of=()) for one in dataset.dimensions)
