"""The events that automations listen to, each of one instance (or of `csa` as a whole).

csa.instance.updated       work outside the daily run went well: datasets may follow
csa.instance.failed-twice  two runs in a row did not go well, were killed or could not begin
csa.instance.stale         no run has brought the whole store up to date for too long
csa.store.watched          the store was looked at; its absence means that nobody looks
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.events import emit_event

if TYPE_CHECKING:
    from warehouse.documents.control import Failure

UPDATED = "csa.instance.updated"
FAILED_TWICE = "csa.instance.failed-twice"
STALE = "csa.instance.stale"
WATCHED = "csa.store.watched"
WHOLE = "csa.store"


def resource_of(instance: str) -> str:
    """Return the id of an instance as the resource of an event."""
    return f"csa.instance.{instance}"


def tell_updated(instance: str) -> None:
    """Say that an instance was brought up to date outside the daily run."""
    _emit(UPDATED, instance, {"instance": instance})


def tell_failed_twice(instance: str, failure: Failure, page: str) -> None:
    """Say that two runs in a row on an instance did not go well."""
    said = f"{instance} failed twice in a row. {failure.message} {failure.cure}"
    _emit(FAILED_TWICE, instance, {"instance": instance, "said": said, "runbook": page})


def tell_stale(instance: str, said: str, page: str) -> None:
    """Say that the store of an instance is old."""
    _emit(STALE, instance, {"instance": instance, "said": said, "runbook": page})


def tell_watched() -> None:
    """Say that the store was looked at."""
    emit_event(WATCHED, resource={"prefect.resource.id": WHOLE})


def _emit(event: str, instance: str, payload: dict[str, str]) -> None:
    resource = {"prefect.resource.id": resource_of(instance), "prefect.resource.name": instance}
    emit_event(event, resource=resource, payload=payload)
