"""Which partitions a dataset has, and which are out of date: those whose inputs changed."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
from bson import json_util

from warehouse.datasets.declaration import Partition, Source, Upstream
from warehouse.datasets.scope import shape
from warehouse.documents.business import find_kept
from warehouse.documents.datasets import Input, Slot, read_builds, read_pointer
from warehouse.documents.raw import SORTED_BY, raw_model
from warehouse.transform.crosswalks import read_crosswalk
from warehouse.transform.versions import NOTHING, digest, read_source_versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from warehouse.datasets.declaration import Dataset
    from warehouse.datasets.scope import Scope
    from warehouse.documents.datasets import DatasetBuild, DatasetPointer
    from warehouse.transform.versions import SourceVersions

# Counts up when the engine itself builds other rows of the same rule.
ENGINE = "1"
# What streaming rules call besides their own module.
SHARED_ROOMS = ("cleaning", "identity")


@dataclass(slots=True)
class Versions:
    """The versions of sources, each asked for once in a transform, before anything is built of it.

    What changes while a partition is built makes it out of date again: it is built once more.
    """

    _sources: dict[tuple[str, str, str], SourceVersions] = field(default_factory=dict)
    _settings: dict[tuple[str, Source], str] = field(default_factory=dict)
    _contents: dict[tuple[str, Source | Upstream], dict[str, str]] = field(default_factory=dict)

    async def of(self, instance: str, source: Source) -> SourceVersions:
        """Return the versions of a source."""
        key = (instance, source.doctype, source.date or SORTED_BY[0])
        if key not in self._sources:
            self._sources[key] = await read_source_versions(*key)
        return self._sources[key]

    async def has_changed(self, instance: str, source: Source) -> bool:
        """Say whether a source is in another version now than when it was first asked for."""
        now = await read_source_versions(instance, source.doctype, source.date)
        return now.whole != (await self.of(instance, source)).whole

    async def digest_named(
        self, instance: str, source: Source | Upstream, names: Collection[str] | None
    ) -> str | None:
        """Return a digest of what the rule uses of the documents of these names."""
        if names is None:
            return None
        contents = await self._read(instance, source, names)
        return digest(part for name in names for part in (name, contents.get(name, "")))

    async def digest_settings(self, instance: str, source: Source) -> str:
        """Return a digest of what the rule uses of all documents of a source."""
        key = (instance, source)
        if key not in self._settings:
            contents = await _read_contents(instance, source)
            parts = (part for name in sorted(contents) for part in (name, contents[name]))
            self._settings[key] = digest(parts)
        return self._settings[key]

    async def _read(
        self, instance: str, source: Source | Upstream, names: Collection[str]
    ) -> dict[str, str]:
        """Return name → digest of documents, of at least these names."""
        key = (instance, source)
        if isinstance(source, Upstream):
            if key not in self._contents:
                self._contents[key] = await read_crosswalk(instance, source.slug)
            return self._contents[key]
        known = self._contents.setdefault(key, {})
        unknown = [name for name in names if name not in known]
        if unknown:
            found = await _read_contents(instance, source, {"name": {"$in": unknown}})
            known |= {name: found.get(name, "") for name in unknown}
        return known


async def list_slots(
    dataset: Dataset, scopes: dict[str, Scope], pointer: DatasetPointer, versions: Versions
) -> list[Slot]:
    """Return the partitions that a dataset has by now, of each instance in `scopes`."""
    slots: list[Slot] = []
    for instance, scope in scopes.items():
        if dataset.partition is Partition.INSTANCE_MONTH:
            months = await _list_months(dataset, instance, pointer, versions)
            slots += [Slot(instance=instance, month=month) for month in months]
        elif dataset.partition is Partition.INSTANCE_AS_OF:
            slots.append(Slot(instance=instance, as_of=scope.as_of))
        else:
            slots.append(Slot(instance=instance))
    return slots


async def read_inputs(
    dataset: Dataset, scope: Scope, links: dict[str, list[str]], versions: Versions
) -> list[Input]:
    """Return what a partition would be built from now, looked-up sources without their digest."""
    inputs = [Input(name="rule", version=digest_rule(dataset, scope))]
    if dataset.rows_of:
        carried = (f"{doctype}:{links[doctype]}" for doctype in sorted(links))
        inputs.append(Input(name="links", version=digest(carried)))
    if dataset.is_streamed:
        inputs.append(Input(name="curated", version=scope.curated.version))
    if dataset.observes:
        told = digest(json_util.dumps(row, sort_keys=True) for row in scope.observations)
        inputs.append(Input(name="observations", version=told))
    for source in dataset.sources:
        if isinstance(source, Upstream):
            builds = digest(sorted(scope.live.get(source.slug, ())))
            inputs.append(Input(name=source.slug, version=builds))
            continue
        for instance in scope.instances:
            version = await _read_version(dataset, scope, instance, source, versions)
            name = source.name if scope.instance else f"{instance} {source.name}"
            inputs.append(Input(name=name, version=version))
    return inputs


async def _read_version(
    dataset: Dataset, scope: Scope, instance: str, source: Source, versions: Versions
) -> str:
    if source.is_setting:
        # They are few, and ERPNext writes to some of them daily what no rule asks for.
        return await versions.digest_settings(instance, source)
    found = await versions.of(instance, source)
    if source.date and dataset.partition is Partition.INSTANCE_MONTH:
        return found.months.get(scope.month, NOTHING)
    return found.whole


async def is_current(
    dataset: Dataset, scope: Scope, build: DatasetBuild, inputs: list[Input], versions: Versions
) -> bool:
    """Say whether a build is of just these inputs, as far as its rows depend on them."""
    before = {one.name: one for one in build.inputs}
    if before.keys() != {one.name for one in inputs}:
        return False
    looked_up = {source.name: source for source in dataset.sources if source.by}
    for now in inputs:
        was = before[now.name]
        if was.version == now.version:
            continue
        if now.name not in looked_up or was.digest is None:
            return False
        source = looked_up[now.name]
        names = build.names.get(now.name)
        if was.digest != await versions.digest_named(scope.instance, source, names):
            return False
    return True


async def read_live_builds(pointer: DatasetPointer) -> dict[Slot, DatasetBuild]:
    """Return partition → its live build, but for those whose rows a restored database lacks."""
    builds = await read_builds([one.build_id for one in pointer.live])
    kept = await find_kept(pointer.id, (one.build_id for one in pointer.live if one.rows))
    return {
        one.slot: builds[one.build_id]
        for one in pointer.live
        if one.build_id in builds and (one.build_id in kept or not one.rows)
    }


def find_live(
    dataset: Dataset,
    pointers: Mapping[str, DatasetPointer],
    instances: Iterable[str],
    month: str | None,
) -> dict[str, tuple[str, ...]]:
    """Return upstream dataset → its builds that a partition is made of."""
    return {
        upstream.slug: tuple(
            one.build_id
            for one in pointers[upstream.slug].live
            if one.slot.instance in instances
            and (not upstream.is_same_month or one.slot.month == month)
        )
        for upstream in dataset.upstreams
    }


def digest_rule(dataset: Dataset, scope: Scope) -> str:
    """Return a digest of what a dataset's rule does: another rule, other rows.

    Of the declaration the text of its module; of pipelines their stages, with the settings and
    curated tables that are written into them; of a streaming rule the text of what it may call.
    """
    parts = [ENGINE, inspect.getsource(sys.modules[dataset.build.__module__])]
    if dataset.is_streamed:
        parts.append(_digest_rooms())
    else:
        for feed in dataset.build(scope):
            whole = {"of": feed.of, "row": feed.row, "stages": feed.stages}
            whole["rejects"] = [[one.code, one.when] for one in feed.rejects]
            parts.append(blake2b(bson.encode(whole), digest_size=16).hexdigest())
    return digest(parts)


@cache
def _digest_rooms() -> str:
    """Return a digest of the code and the tables that streaming rules share."""
    root = files("warehouse")
    rooms = [root / room for room in SHARED_ROOMS]
    found = sorted(path for room in rooms for path in Path(str(room)).rglob("*.*"))
    texts = (path.read_text("utf-8") for path in found if path.suffix in {".csv", ".py"})
    return digest(texts)


async def _list_months(
    dataset: Dataset, instance: str, pointer: DatasetPointer, versions: Versions
) -> list[str | None]:
    months = {one.slot.month for one in pointer.live if one.slot.instance == instance}
    for source in dataset.doctypes:
        if source.date:
            months |= set((await versions.of(instance, source)).months)
    for upstream in dataset.upstreams:
        if upstream.is_same_month:
            there = (await read_pointer(upstream.slug)).live
            months |= {one.slot.month for one in there if one.slot.instance == instance}
    return sorted(months, key=lambda month: month or "")


async def _read_contents(
    instance: str, source: Source, chosen: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Return name → digest of the declared fields of a source's documents."""
    pipeline = [{"$match": {"doctype": source.doctype, **(chosen or {})}}, *shape(source)]
    cursor = await raw_model(instance).get_pymongo_collection().aggregate(pipeline)
    return {
        document["name"]: digest([json_util.dumps(document, sort_keys=True)])
        async for document in cursor
    }
