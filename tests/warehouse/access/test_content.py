"""A snapshot survives storage, and its version names its content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.warehouse.access.worlds import INVOICE, make_selling_world, read_rule
from warehouse.access.content import pack, unpack


def test_what_is_unpacked_equals_what_was_packed() -> None:
    world = make_selling_world().grant(INVOICE, read_rule()).permit("Company", "C1")
    world.share(INVOICE, "SI-1").trees["Company"] = {"C1": (1, 2)}
    snapshot = world.snapshot()
    version, data = pack(snapshot)
    assert unpack(version, data) == replace(snapshot, version=version)


def test_the_same_content_has_the_same_version_and_another_has_another() -> None:
    snapshot = make_selling_world().snapshot()
    assert pack(replace(snapshot, version="old"))[0] == pack(snapshot)[0]
    assert pack(replace(snapshot, is_strict=True))[0] != pack(snapshot)[0]


def test_content_that_does_not_fit_its_version_is_refused() -> None:
    snapshot = make_selling_world().snapshot()
    version, _ = pack(snapshot)
    _, other = pack(replace(snapshot, is_strict=True))
    with pytest.raises(ValueError, match="does not fit"):
        unpack(version, other)
    with pytest.raises(ValueError, match="can't be decoded"):
        unpack(version, b"no zlib")
