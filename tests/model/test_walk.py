"""Random walks: the warehouse follows a site that changes, fails and is cut off at random.

A failure names its seed and the shortest steps found that fail. `make soak MINUTES=0 SEED=7` plays
the walk of that seed alone; the steps can be put into STEPS and played by themselves. What was at
fault belongs into test_found.py, told step by step.
"""

from __future__ import annotations

import os
import time

import pytest

from tests.model.walk import Step, play, play_seed

pytestmark = pytest.mark.usefixtures("store")

TEST_S = 90.0
# The shortest walk there is; a failing one goes here while it is looked into.
STEPS = [Step("ingest", 0), Step("edit", 0), Step("reconcile", 0)]


async def walk_for(seconds: float, seed: int) -> tuple[int, int]:
    """Play the walks of `seed` and the seeds after it; return how many, and of how many steps."""
    until, walks, steps = time.monotonic() + seconds, 0, 0
    while not walks or time.monotonic() < until:
        steps += await play_seed(seed + walks)
        walks += 1
    return walks, steps


async def test_steps_can_be_played_by_themselves():
    site = await play(STEPS)
    assert site.log


async def test_the_store_follows_the_site_wherever_it_goes():
    walks, _ = await walk_for(TEST_S, seed=1)
    assert walks


@pytest.mark.soak
async def test_the_store_follows_the_site_for_long(capsys: pytest.CaptureFixture[str]):
    minutes, seed = float(os.environ["SOAK_MINUTES"]), int(os.environ["SOAK_SEED"])
    walks, steps = await walk_for(minutes * 60, seed)
    with capsys.disabled():
        print(f"\n{walks} walks, seeds {seed} to {seed + walks - 1}, {steps} steps")  # noqa: T201
