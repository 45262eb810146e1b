"""The ERPs as readers see them: which there are, how much is stored, how fresh it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.documents.control import Instance
from warehouse.errors import NotReadable
from warehouse.reading.doctypes import list_served

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from warehouse.reading.subject import Subject
    from warehouse.settings import ErpInstance


@dataclass(frozen=True, slots=True)
class InstanceSummary:
    """An ERP, summed up over the DocTypes that may be read.

    `doctypes`: how many have documents. `verified_at`: the oldest of their last complete
    inventories, None when one has had none yet. `attempted_at`: when the last sync was.
    """

    instance: str
    title: str
    documents: int
    doctypes: int
    verified_at: datetime | None
    attempted_at: datetime | None
    time_zone: str | None = None
    versions: dict[str, str] = field(default_factory=dict)


async def read_instance(
    subject: Subject, erps: Mapping[str, ErpInstance], instance: str
) -> InstanceSummary:
    """Return one ERP.

    Raises:
        NotReadable: if there is none such for this subject.
    """
    erp = erps.get(instance)
    if erp is None:
        raise NotReadable
    known = await Instance.get(instance)
    states = [row["state"] for row in await list_served(subject, instance)]
    stored = [state for state in states if state.get("documents")]
    verified = [state.get("verified_at") for state in stored]
    attempted = [at for state in states if (at := state.get("attempted_at"))]
    return InstanceSummary(
        instance=instance,
        title=erp.title,
        documents=sum(state["documents"] for state in stored),
        doctypes=len(stored),
        verified_at=min((at for at in verified if at), default=None) if all(verified) else None,
        attempted_at=max(attempted, default=None),
        time_zone=known.time_zone if known else None,
        versions=known.versions if known else {},
    )


async def read_instances(
    subject: Subject, erps: Mapping[str, ErpInstance]
) -> list[InstanceSummary]:
    """Return every ERP that `subject` may open, by id."""
    return [await read_instance(subject, erps, instance) for instance in sorted(erps)]
