"""What controllers work with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from api.etags import Etags
from api.export_gate import ExportGate
from api.metrics import Metrics
from api.proxies import Proxies
from warehouse.access.snapshots import Snapshots
from warehouse.accounts.audit import AuditTrail
from warehouse.accounts.identity import Identities
from warehouse.accounts.secrets import SessionKey
from warehouse.accounts.sign_in import Entrance
from warehouse.dashboards.opening import Datasets
from warehouse.datasets.registry import load_registry
from warehouse.reading.cursors import CursorSealer, CursorSigner
from warehouse.reading.doctypes import DocTypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from warehouse.settings import ErpInstance, Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The ERPs of the settings, and what remembers or signs."""

    erps: Mapping[str, ErpInstance]
    doctypes: DocTypes
    signer: CursorSigner
    sealer: CursorSealer
    etags: Etags
    snapshots: Snapshots
    proxies: Proxies
    audit: AuditTrail
    identities: Identities
    entrance: Entrance
    datasets: Datasets
    exports: ExportGate
    metrics: Metrics

    @classmethod
    def of(cls, settings: Settings, secret_key: str) -> Services:
        """Return the services of an app."""
        erps = settings.instances
        snapshots = Snapshots(timedelta(hours=settings.csa_access_max_age_hours))
        audit = AuditTrail()
        return cls(
            erps=erps,
            doctypes=DocTypes(erps, snapshots),
            signer=CursorSigner(secret_key),
            sealer=CursorSealer(secret_key),
            etags=Etags(secret_key),
            snapshots=snapshots,
            proxies=Proxies(settings.csa_trusted_proxies),
            audit=audit,
            identities=Identities(erps, snapshots, SessionKey(secret_key)),
            entrance=Entrance(erps, audit),
            datasets=Datasets(load_registry(), snapshots, frozenset(erps)),
            exports=ExportGate(),
            metrics=Metrics(),
        )
