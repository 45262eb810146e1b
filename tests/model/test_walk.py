"""Random walks: the warehouse follows a site that changes, fails and is cut off at random.

A failure names its seed and the shortest steps that fail: put these into STEPS_THAT_FAILED.
"""

from __future__ import annotations

import os
import time

import pytest

from tests.model.walk import Step, play, play_seed

pytestmark = pytest.mark.usefixtures("store")

TEST_S = 60.0
# What failed once; each line says what was wrong.
STEPS_THAT_FAILED: dict[str, list[Step]] = {}


async def walk_for(seconds: float, seed: int) -> tuple[int, int]:
    """Play the walks of `seed` and the seeds after it; return how many, and of how many steps."""
    until, walks, steps = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        steps += await play_seed(seed + walks)
        walks += 1
    return walks, steps


@pytest.mark.parametrize("steps", STEPS_THAT_FAILED.values(), ids=STEPS_THAT_FAILED)
async def test_what_failed_once_fails_no_more(steps: list[Step]):
    await play(steps)


async def test_the_store_follows_the_site_wherever_it_goes():
    walks, _ = await walk_for(TEST_S, seed=1)
    assert walks


@pytest.mark.soak
async def test_the_store_follows_the_site_for_long(capsys: pytest.CaptureFixture[str]):
    minutes, seed = float(os.environ["SOAK_MINUTES"]), int(os.environ["SOAK_SEED"])
    walks, steps = await walk_for(minutes * 60, seed)
    with capsys.disabled():
        print(f"{walks} walks, seeds {seed} to {seed + walks - 1}, {steps} steps")  # noqa: T201
