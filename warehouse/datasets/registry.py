"""All datasets: found in this package, examined, and put in the order in which they are built."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import warehouse.datasets
from warehouse.datasets.examination import find_faults
from warehouse.errors import DatasetError
from warehouse.variables import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from warehouse.datasets.declaration import Dataset


@cache
def load_registry() -> Registry:
    """Return the datasets of this package: `DATASET` of every module that has one.

    Raises:
        DatasetError: if one is declared wrongly; it names everything that is wrong.
    """
    package = warehouse.datasets
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    ]
    return Registry(module.DATASET for module in modules if hasattr(module, "DATASET"))


class Registry:
    """Datasets that are declared rightly, upstream ones before those that are made of them."""

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = _in_order(_examine(list(datasets)))

    def get(self, slug: str) -> Dataset:
        """Return a dataset.

        Raises:
            DatasetError: if there is none of that slug; it names the nearest.
        """
        if slug in self.datasets:
            return self.datasets[slug]
        cure = suggest(slug[:100], self.datasets) or f"Known: {', '.join(self.datasets)}."
        raise DatasetError(f"There is no dataset {slug[:100]}.", cure=cure)

    def choose(self, slugs: Iterable[str]) -> list[Dataset]:
        """Return the datasets of `slugs`, all when there are none, in the order to build them."""
        chosen = {self.get(slug).slug for slug in slugs} or set(self.datasets)
        return [dataset for slug, dataset in self.datasets.items() if slug in chosen]

    def doctypes_under(self, dataset: Dataset) -> dict[str, list[str]]:
        """Return DocType → fields that a dataset is made of, through other datasets, too."""
        found: dict[str, set[str]] = {}
        for source in dataset.doctypes:
            if not source.is_setting:
                found.setdefault(source.doctype, set()).update(source.fields)
        for upstream in dataset.upstreams:
            for doctype, fields in self.doctypes_under(self.get(upstream.slug)).items():
                found.setdefault(doctype, set()).update(fields)
        return {doctype: sorted(fields) for doctype, fields in found.items()}


def _examine(datasets: list[Dataset]) -> dict[str, Dataset]:
    known: dict[str, Dataset] = {}
    faults: list[str] = []
    for dataset in datasets:
        if dataset.slug in known:
            faults.append(f"{dataset.slug}: two datasets have this slug")
        known[dataset.slug] = dataset
    for dataset in known.values():
        faults += [f"{dataset.slug}: {fault}" for fault in find_faults(dataset, known)]
    if faults:
        listed = "".join(f"\n- {fault}" for fault in faults)
        raise DatasetError(f"The declarations of datasets are wrong:{listed}")
    return known


def _in_order(known: Mapping[str, Dataset]) -> dict[str, Dataset]:
    graph = {
        slug: sorted(one.slug for one in dataset.upstreams)
        for slug, dataset in sorted(known.items())
    }
    try:
        return {slug: known[slug] for slug in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        circle = " ← ".join(error.args[1])
        raise DatasetError(f"Datasets are made of each other in a circle: {circle}.") from None
