"""The bench runs, and prints what it promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.bench.figures import FIGURES
from tests.bench.workbench import Speed, compare, median
from tests.reference import VARIABLE

SPEED = {"documents", "seconds", "documents_per_s"}
USUAL = [name for name, figure in FIGURES.items() if not figure.on_demand]
# Of each kind one: all of them would take a minute.
SOME = (
    "ingest_vs_ceiling",
    "ingest_unpaced",
    "resync_requests_per_doctype",
    "ten_changes_requests",
    "access_overhead",
)
BARS = {
    "ingest_vs_ceiling": 0.85,
    "ingest_vs_n_plus_one": 15,
    "ingest_memory_growth_mb": 30,
    "ingest_time_growth": 11,
    "resync_requests_per_doctype": 1.3,
    "page_vs_raw": 0.75,
    "sparse_vs_raw": 0.55,
    "document_vs_raw": 0.55,
    "access_overhead": 1.3,
    "deep_page_vs_first": 1.1,
    "capped_count_vs_page": 2,
    "transform_vs_pipeline": 1.2,
    "incremental_vs_full": 0.1,
}

Figures = dict[str, dict[str, Any]]


def run_bench(*names: str) -> Figures:
    """Measure at small sizes, on generated sites."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    ended = subprocess.run(  # noqa: S603 our own module
        [sys.executable, "-m", "tests.bench", "--quick", "--only", *names],
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
    )
    return json.loads(ended.stdout)


def assert_told(figures: Figures, *names: str) -> None:
    """Fail unless each is a ratio or a value, with its rounds and its bar."""
    assert tuple(figures) == names
    for name, figure in figures.items():
        assert isinstance(figure.get("ratio", figure.get("value")), int | float), name
        assert figure.get("bar") == BARS.get(name), name
        assert figure.get("rounds", 1) >= 1, name


@pytest.fixture(scope="module")
def figures() -> Figures:
    return run_bench(*SOME)


def test_figures_are_ratios_or_values_beside_what_they_are_made_of(figures: Figures):
    assert_told(figures, *SOME)
    for subject in ("engine", "plain_client"):
        assert figures["ingest_vs_ceiling"][subject].keys() == SPEED
        assert figures["ingest_vs_ceiling"][subject]["documents"] > 100
    assert sum(figures["ingest_unpaced"]["shares"].values()) == pytest.approx(1, abs=0.01)
    resync = figures["resync_requests_per_doctype"]
    assert resync["requests"] == [round(resync["value"] * resync["doctypes"])]
    pages = figures["access_overhead"]
    assert pages["clients"] == 16
    speeds = [pages[side]["requests_per_s"] for side in ("unfiltered", "filtered")]
    assert pages["ratio"] == pytest.approx(speeds[0] / speeds[1], rel=0.01)
    sizes = [pages[side]["bytes_per_request"] for side in ("unfiltered", "filtered")]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_ten_changes_cost_the_inventory_and_requests_of_their_own(figures: Figures):
    figure = figures["ten_changes_requests"]
    quiet, changed = figure["quiet"], figure["ten_changes"]
    assert figure["value"] == changed["requests"] - quiet["requests"] <= 10 * 4
    assert changed["rows"] - quiet["rows"] < 100
    assert quiet["rows"] < figure["documents"] / 2


@pytest.mark.soak
def test_every_figure_is_measured():
    figures = run_bench(*USUAL)
    assert_told(figures, *USUAL)
    assert figures["ingest_memory_growth_mb"]["few"][0]["peak_mb"] > 20


def test_the_bars_of_the_contract_are_set():
    bars = {name: figure.bar for name, figure in FIGURES.items() if figure.bar is not None}
    assert bars == BARS
    assert BARS.keys() <= set(USUAL)


def test_a_ratio_is_the_median_of_the_rounds():
    engine = [Speed(100, seconds) for seconds in (1.0, 2.0, 4.0)]
    plain = [Speed(100, seconds) for seconds in (1.0, 1.0, 1.0)]
    assert median(engine) == Speed(100, 2.0)
    assert compare(engine, plain) == 0.5
