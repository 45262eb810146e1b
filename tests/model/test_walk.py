"""Random walks: the warehouse follows a site that changes, fails and is cut off at random."""

from __future__ import annotations

import os
import time

import pytest

from tests.model.walk import play_seed

pytestmark = pytest.mark.usefixtures("store")

TEST_S = 60.0


async def walk_for(seconds: float, seed: int) -> tuple[int, int]:
    """Play walks from `seed` on; return how many, and of how many steps."""
    until, walks, steps = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        steps += await play_seed(seed + walks)
        walks += 1
    return walks, steps


async def test_the_store_follows_the_site():
    walks, _ = await walk_for(float(os.environ.get("WALK_S", TEST_S)), int(os.environ.get("WALK_SEED", 1)))
    print(walks)
