"""The ERPs as readers see them: which there are, how much is stored, how fresh it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.documents.control import Instance
from warehouse.errors import AccessSnapshotStale, NotReadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from warehouse.reading.doctypes import DocTypes
    from warehouse.reading.subject import Subject
    from warehouse.settings import ErpInstance


@dataclass(frozen=True, slots=True)
class InstanceSummary:
    """An ERP, summed up over the DocTypes that the subject may read.

    `documents`: of those that may be read whole. `doctypes`: how many have documents, or may have
    some for the subject. Both are None while nobody knows who may read there. `verified_at`: the
    oldest of their last complete inventories, None when one has had none yet. `attempted_at`: when
    the last sync was.
    """

    instance: str
    title: str
    documents: int | None = None
    doctypes: int | None = None
    verified_at: datetime | None = None
    attempted_at: datetime | None = None
    time_zone: str | None = None
    versions: dict[str, str] = field(default_factory=dict)


async def read_instance(
    subject: Subject, erps: Mapping[str, ErpInstance], doctypes: DocTypes, instance: str
) -> InstanceSummary:
    """Return one ERP.

    Raises:
        NotReadable: if there is none such for this subject.
    """
    erp = erps.get(instance)
    if erp is None:
        raise NotReadable
    try:
        listed = await doctypes.list_served(subject, instance)
    except AccessSnapshotStale:
        return InstanceSummary(instance, erp.title)
    known = await Instance.get(instance)
    stored = [one for one in listed if one.documents is None or one.documents]
    verified = [one.verified_at for one in stored if one.stored]
    attempted = [one.attempted_at for one in listed if one.attempted_at]
    return InstanceSummary(
        instance=instance,
        title=erp.title,
        documents=sum(one.documents or 0 for one in stored),
        doctypes=len(stored),
        verified_at=min((at for at in verified if at), default=None) if all(verified) else None,
        attempted_at=max(attempted, default=None),
        time_zone=known.time_zone if known else None,
        versions=known.versions if known else {},
    )


async def read_instances(
    subject: Subject, erps: Mapping[str, ErpInstance], doctypes: DocTypes
) -> list[InstanceSummary]:
    """Return every ERP that `subject` may open, by id."""
    return [
        await read_instance(subject, erps, doctypes, instance)
        for instance in sorted(erps)
        if instance in subject.users
    ]
