"""What controllers work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.metrics import Metrics
from warehouse.reading.cursors import CursorSigner
from warehouse.reading.doctypes import DocTypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from warehouse.settings import ErpInstance


@dataclass(frozen=True, slots=True)
class Services:
    """The ERPs of the settings, and what remembers or signs."""

    erps: Mapping[str, ErpInstance]
    doctypes: DocTypes
    signer: CursorSigner

    @classmethod
    def of(cls, erps: Mapping[str, ErpInstance], secret_key: str) -> Services:
        """Return the services of an app."""
        return cls(erps, DocTypes(erps), CursorSigner(secret_key))


# As controllers ask for them. Not validated: msgspec would look into them at every request.
AppServices = NamedDependency[SkipValidation[Services]]
AppMetrics = NamedDependency[SkipValidation[Metrics]]
