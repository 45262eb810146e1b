"""The bench runs, and prints what it promises."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.bench.figures import FIGURES
from tests.bench.workbench import Speed, compare, median

SPEED = {"documents", "seconds", "documents_per_s"}


async def run_bench(*names: str) -> dict[str, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench",
        "--quick",
        "--only",
        *names,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(answer)


async def test_figures_are_ratios_or_values_beside_what_they_are_made_of():
    names = ("ingest_vs_ceiling", "ingest_memory_growth_mb", "ingest_unpaced")
    figures = await run_bench(*names)
    assert tuple(figures) == names
    for figure in figures.values():
        assert isinstance(figure.get("ratio", figure.get("value")), float)
        assert figure["rounds"] == 1
    for subject in ("engine", "plain_client"):
        assert figures["ingest_vs_ceiling"][subject].keys() == SPEED
        assert figures["ingest_vs_ceiling"][subject]["documents"] > 100
    assert figures["ingest_memory_growth_mb"]["few"][0]["peak_mb"] > 20
    assert sum(figures["ingest_unpaced"]["shares"].values()) == pytest.approx(1, abs=0.01)


async def test_ten_changes_cost_the_inventory_and_requests_of_their_own():
    figure = (await run_bench("ten_changes_requests"))["ten_changes_requests"]
    quiet, changed = figure["quiet"], figure["ten_changes"]
    assert figure["value"] == changed["requests"] - quiet["requests"] <= 10 * 4
    assert changed["rows"] - quiet["rows"] < 100
    assert quiet["rows"] < figure["documents"] / 2


def test_the_figures_of_the_contract_are_measured():
    assert {
        "ingest_vs_ceiling",
        "ingest_vs_n_plus_one",
        "ingest_memory_growth_mb",
        "resync_requests_per_doctype",
    } <= FIGURES.keys()


def test_a_ratio_is_the_median_of_the_rounds():
    engine = [Speed(100, seconds) for seconds in (1.0, 2.0, 4.0)]
    plain = [Speed(100, seconds) for seconds in (1.0, 1.0, 1.0)]
    assert median(engine) == Speed(100, 2.0)
    assert compare(engine, plain) == 0.5
