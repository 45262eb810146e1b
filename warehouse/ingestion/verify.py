"""Compare the store with the ERP: names, versions, and the content of a sample. Changes nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from warehouse.documents.raw import read_hashes, read_versions
from warehouse.errors import ErpContractBroken, ErpRejected
from warehouse.ingestion.assembly import assemble, hash_content
from warehouse.ingestion.catalog import read_shape
from warehouse.ingestion.inventory import take_complete_inventory

if TYPE_CHECKING:
    from warehouse.ingestion.active_run import ActiveRun
    from warehouse.ingestion.task import Selection, Task

LISTED = 20
NOT_FOUND = 404


class Difference(BaseModel):
    """What differs in one DocType; the lists name up to 20 documents each.

    `missing`: in the ERP only. `extra`: in the store only. `outdated`: another `modified` or
    `creation`. `different`: sampled documents whose content differs all the same.
    """

    doctype: str
    in_erp: int
    stored: int
    rejected: int = 0
    sampled: int = 0
    missing: list[str] = Field(default_factory=list)
    extra: list[str] = Field(default_factory=list)
    outdated: list[str] = Field(default_factory=list)
    different: list[str] = Field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether store and ERP agree."""
        return not (self.missing or self.extra or self.outdated or self.different)


class Verification(BaseModel):
    """An instance compared; `unreadable`: DocTypes that the key may not read."""

    instance: str
    doctypes: int = 0
    documents: int = 0
    sampled: int = 0
    unreadable: list[str] = Field(default_factory=list)
    differences: list[Difference] = Field(default_factory=list)


async def compare(run: ActiveRun, selection: Selection, sample: int, seed: int = 0) -> Verification:
    """Compare every DocType with its ERP, and the content of `sample` documents of each."""
    result = Verification(instance=run.session.instance)
    choice = random.Random(seed)  # noqa: S311 a sample, not a secret
    syncs = await run.list_syncs(selection)
    for sync in sorted(syncs, key=lambda sync: sync.doctype):
        try:
            difference = await _compare(sync.task, sample, choice)
        except (ErpRejected, ErpContractBroken):
            result.unreadable.append(sync.doctype)
            continue
        result.doctypes += 1
        result.documents += difference.in_erp
        result.sampled += difference.sampled
        if not difference.is_empty:
            result.differences.append(difference)
    return result


async def _compare(task: Task, sample: int, choice: random.Random) -> Difference:
    there = await _read_there(task)
    stored = await read_versions(task.session.documents, task.doctype)
    common = there.keys() & stored.keys()
    difference = Difference(
        doctype=task.doctype,
        in_erp=len(there),
        stored=len(stored),
        rejected=len(task.rejected),
        missing=sorted(there.keys() - stored.keys() - task.rejected)[:LISTED],
        extra=sorted(stored.keys() - there.keys())[:LISTED],
        outdated=sorted(name for name in common if stored[name] != there[name])[:LISTED],
    )
    names = choice.sample(sorted(common), min(sample, len(common)))
    difference.sampled = len(names)
    difference.different = await _compare_contents(task, names)
    return difference


async def _read_there(task: Task) -> dict[str, tuple[str | None, str | None]]:
    if task.entry.is_single:
        document = await task.client.read(task.doctype, task.doctype)
        return {task.doctype: (document.get("modified"), document.get("creation"))}
    rows = await take_complete_inventory(task.session, task.client, task.doctype)
    return {str(row["name"]): (row["modified"], row["creation"]) for row in rows}


async def _compare_contents(task: Task, names: list[str]) -> list[str]:
    if not names:
        return []
    shape = await read_shape(task.session, task.catalog, task.entry)
    hashes = await read_hashes(task.session.documents, task.doctype, names)
    different = []
    for name in names:
        document = await _read_document(task, name)
        if document and hash_content(assemble(shape, document)) != hashes.get(name):
            different.append(name)
    return different


async def _read_document(task: Task, name: str) -> dict[str, Any] | None:
    """Read a document singly; None if it is gone since the inventory."""
    try:
        return await task.client.read(task.doctype, name)
    except ErpRejected as error:
        if error.status != NOT_FOUND:
            raise
        return None
