"""What every part of one run on one instance works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from pymongo.asynchronous.collection import AsyncCollection

    from warehouse.documents.control import DocTypeReport, Failure
    from warehouse.erpnext.client import ErpClient
    from warehouse.ingestion.lease import HeldLease, SharedLease
    from warehouse.ingestion.rota import Rota
    from warehouse.settings import ErpInstance


class Progress(Protocol):
    """Who watches a run: a terminal, a log, nobody."""

    def instance_surveyed(self, instance: str, doctypes: int) -> None:
        """The catalog is read; `doctypes` of it are about to be synced."""

    def documents_stored(self, instance: str, doctype: str, documents: int) -> None:
        """A page of `documents` was compared and stored."""

    def doctype_finished(self, instance: str, report: DocTypeReport) -> None:
        """A DocType is done, well or not."""


class NoProgress:
    """Nobody watches."""

    def instance_surveyed(self, instance: str, doctypes: int) -> None:
        """Ignore it."""

    def documents_stored(self, instance: str, doctype: str, documents: int) -> None:
        """Ignore it."""

    def doctype_finished(self, instance: str, report: DocTypeReport) -> None:
        """Ignore it."""


@dataclass(slots=True)
class Session:
    """The parts of a run, made once per run and passed on.

    `inventory_rows`: up to how many documents a DocType's inventory is complete
    (CSA_INVENTORY_ROWS). `clock` returns the aware UTC time. `time_zone`: the site's,
    IANA, known once the site was met, as is
    `is_narrowed`: whether User Permissions hide documents from the key. `tombstone_life`: how long
    the last state of a document that left is kept. `only_looks`: nothing is written, since the
    lease is shared. `blind_spots`: what the run can't see of the site, to be told.
    """

    erp: ErpInstance
    client: ErpClient
    lease: HeldLease | SharedLease
    clock: Callable[[], datetime]
    progress: Progress
    inventory_rows: int
    rota: Rota
    tombstone_life: timedelta
    time_zone: str = "UTC"
    is_narrowed: bool = False
    only_looks: bool = False
    blind_spots: list[Failure] = field(default_factory=list)

    @property
    def instance(self) -> str:
        """The instance's id."""
        return self.erp.instance

    @property
    def run_id(self) -> str:
        """`<instance>-<token>`: run ids of an instance sort in the order of their leases."""
        return f"{self.instance}-{self.lease.token:08d}"

    @property
    def documents(self) -> AsyncCollection[dict[str, Any]]:
        """The instance's raw documents."""
        return raw_model(self.instance).get_pymongo_collection()
