"""Grouped measures of a dataset, asked for by somebody who sees all of its rows."""

from __future__ import annotations

from typing import Any

from warehouse.dashboards.opening import OpenDataset
from warehouse.dashboards.query import QueryRequest, query_dataset
from warehouse.datasets.registry import load_registry
from warehouse.documents.datasets import read_pointer

Group = dict[str, Any]


async def ask(
    slug: str, measure: str, by: str | None = None, seen: Group | None = None, **filters: str
) -> list[Group]:
    """Return groups; `seen`: what rows must meet to be seen."""
    pointer = await read_pointer(slug)
    builds = {"build_id": {"$in": [one.build_id for one in pointer.live]}}
    opened = OpenDataset(
        dataset=load_registry().get(slug),
        pointer=pointer,
        condition={"$and": [builds, seen or {}]},
        hidden=frozenset(),
        given=frozenset(one.slot.instance for one in pointer.live),
        refusals=(),
        live=tuple(pointer.live),
    )
    answered = await query_dataset(opened, QueryRequest(measure, by, tuple(filters.items())))
    return answered.groups
