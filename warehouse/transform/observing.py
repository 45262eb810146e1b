"""What is known of an instance's ingestion and datasets, for the dataset about their quality."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from warehouse.documents.control import Outcome, RejectedDocument
from warehouse.documents.datasets import read_builds, read_pointer
from warehouse.documents.drift import DriftEvent
from warehouse.transform.gaps import read_states

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Dataset, Row
    from warehouse.documents.control import SyncState
    from warehouse.documents.datasets import DatasetBuild

DOCTYPE, DATASET = "doctype", "dataset"


async def observe(instance: str, dataset: Dataset) -> tuple[Row, ...]:
    """Return what is known of each DocType of an instance, and of each dataset before this one."""
    rejected = await _count(RejectedDocument, instance)
    drifted = await _count(DriftEvent, instance)
    states = await read_states(instance)
    rows = [
        _describe_doctype(state, rejected[doctype], drifted[doctype])
        for doctype, state in sorted(states.items())
    ]
    for upstream in sorted(dataset.upstreams, key=lambda one: one.slug):
        pointer = await read_pointer(upstream.slug)
        of_instance = [one for one in pointer.live if one.slot.instance == instance]
        builds = await read_builds([one.build_id for one in of_instance])
        kept = sum(one.failure is not None for one in of_instance)
        failed = kept + sum(slot.split()[0] == instance for slot in pointer.failed)
        rows.append(_describe_dataset(upstream.slug, list(builds.values()), failed))
    return tuple(rows)


def _describe_doctype(state: SyncState, rejected: int, drifted: int) -> Row:
    return {
        "kind": DOCTYPE,
        "subject": state.doctype,
        "status": "frozen" if state.frozen_at else state.outcome.value,
        "verified_on": state.verified_at.date().isoformat() if state.verified_at else None,
        "rows": state.documents,
        "kept_aside": rejected,
        "drifted": drifted,
        "denied": int(state.outcome is Outcome.DENIED),
        "failed": int(state.outcome in {Outcome.FAILED, Outcome.PARTIAL, Outcome.SUSPECT}),
        "rejected": {},
        "cleaned": {},
        "differences": 0,
    }


def _describe_dataset(slug: str, builds: list[DatasetBuild], failed: int) -> Row:
    cleaned: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for build in builds:
        cleaned.update(build.cleaned)
        rejected.update(build.rejected)
    checks = [one for build in builds for one in build.checks if not one.passed]
    return {
        "kind": DATASET,
        "subject": slug,
        "status": "kept" if failed else "built" if builds else "missing",
        "verified_on": None,
        "rows": sum(build.rows for build in builds),
        "kept_aside": rejected.total(),
        "drifted": 0,
        "denied": 0,
        "failed": failed + len(checks),
        "rejected": dict(sorted(rejected.items())),
        "cleaned": dict(sorted(cleaned.items())),
        "differences": sum(tie.differing for build in builds for tie in build.tie_outs),
    }


async def _count(model: Any, instance: str) -> Counter[str]:
    """Return DocType → number of a control collection's documents."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"instance": instance}},
        {"$group": {"_id": "$doctype", "documents": {"$sum": 1}}},
    ]
    cursor = await model.get_pymongo_collection().aggregate(pipeline)
    return Counter({row["_id"]: row["documents"] async for row in cursor})
