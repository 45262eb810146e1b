"""The ERPs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from warehouse.reading.instances import InstanceSummary


class Instance(Struct, frozen=True):
    """An ERP and how fresh its documents are."""

    instance: str
    title: str
    time_zone: Annotated[str | None, Meta(description="Of the site's own times.")]
    versions: Annotated[dict[str, str], Meta(description="Version of each app of the site.")]
    documents: Annotated[
        int | None,
        Meta(
            description="Documents of DocTypes that you may read whole; null while nobody knows "
            "who may read here."
        ),
    ]
    doctypes: Annotated[
        int | None,
        Meta(description="DocTypes that have documents, or may have some for you; null as above."),
    ]
    verified_at: Annotated[
        datetime | None,
        Meta(description="All documents were compared with the ERP then or later."),
    ]
    attempted_at: Annotated[datetime | None, Meta(description="The last sync of any DocType.")]

    @classmethod
    def of(cls, summary: InstanceSummary) -> Self:
        """Return the wire form of an ERP's summary."""
        return cls(
            instance=summary.instance,
            title=summary.title,
            time_zone=summary.time_zone,
            versions=summary.versions,
            documents=summary.documents,
            doctypes=summary.doctypes,
            verified_at=summary.verified_at,
            attempted_at=summary.attempted_at,
        )


class InstanceList(Struct, frozen=True):
    """ERPs."""

    items: list[Instance]
