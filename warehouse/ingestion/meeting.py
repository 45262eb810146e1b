"""What a run learns of a site before it syncs: its time zone, versions, user, and what changed."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from warehouse.documents.control import Failure, Instance, SyncState
from warehouse.documents.drift import Drift, DriftEvent, record_drift
from warehouse.erpnext.paging import parse_site_datetime
from warehouse.errors import ConfigurationError, ErpContractBroken, ErpRejected
from warehouse.ingestion.feeds import Followed

if TYPE_CHECKING:
    from warehouse.ingestion.catalog import Catalog
    from warehouse.ingestion.session import Session
    from warehouse.ingestion.task import Selection


async def meet(session: Session) -> Followed:
    """Read the site's facts into the session and the store; return since when to read its feeds.

    A changed time zone makes every DocType due for a full reading: all its datetimes are naive.
    """
    client, erp = session.client, session.erp
    known = await Instance.get(erp.instance)
    session.time_zone = await client.read_time_zone()
    versions = await client.read_versions()
    user = await client.read_logged_user()
    session.is_narrowed = await _is_narrowed(session)
    zone = ZoneInfo(session.time_zone)
    site_now = session.clock().astimezone(zone).replace(tzinfo=None).isoformat(" ")
    until = _read_followed(session, known) or Followed(site_now, site_now)
    if session.only_looks:
        return until
    if known:
        await _record_changes(session, known, versions)
    await Instance(
        id=erp.instance,
        title=erp.title,
        time_zone=session.time_zone,
        versions=versions,
        erp_user=user,
        seen_at=session.clock().astimezone(UTC),
        feeds_until=until.deletions,
        renames_until=until.renames,
    ).save()
    return until


def choose_doctypes(instance: str, catalog: Catalog, selection: Selection) -> list[str]:
    """Return the DocTypes that are selected, in order.

    Raises:
        ConfigurationError: if one is selected that is not synced.
    """
    missing = sorted(selection.doctypes - catalog.entries.keys())
    if missing:
        raise ConfigurationError(
            f"{instance} has no DocType {', '.join(missing)} that is synced.",
            cure="Check the spelling; child, virtual and excluded DocTypes are not synced.",
        )
    return sorted(selection.doctypes or catalog.entries)


async def freeze_unlisted(session: Session, catalog: Catalog) -> None:
    """Mark DocTypes that are synced no more, from now on: loss of sight deletes nothing."""
    await SyncState.get_pymongo_collection().update_many(
        {
            "instance": session.instance,
            "doctype": {"$nin": list(catalog.entries)},
            "frozen_at": None,
        },
        {"$set": {"frozen_at": session.clock()}},
    )


async def follow_feeds_until(session: Session, until: Followed) -> None:
    """Remember up to where every DocType has followed the feeds."""
    followed = {"feeds_until": until.deletions, "renames_until": until.renames}
    await Instance.get_pymongo_collection().update_one(
        {"_id": session.instance}, {"$set": followed}
    )


def _read_followed(session: Session, known: Instance | None) -> Followed | None:
    if known is None or known.feeds_until is None:
        return None
    deletions, renames = known.feeds_until, known.renames_until or known.feeds_until
    before, now = known.time_zone, session.time_zone
    return Followed(_in_zone(deletions, before, now), _in_zone(renames, before, now))


def _in_zone(until: str, before: str, now: str) -> str:
    """Return the site's naive time `until` after its time zone changed: the earlier reading of it.

    Rows that were there keep their datetimes, new ones get those of the new zone.
    """
    if before == now:
        return until
    moment = parse_site_datetime(until).replace(tzinfo=ZoneInfo(before))
    return min(until, moment.astimezone(ZoneInfo(now)).replace(tzinfo=None).isoformat(" "))


async def _is_narrowed(session: Session) -> bool:
    """Say whether User Permissions hide documents from the key; unknown counts as yes, and is told.

    Every user may ask for its own, so this is unknown only where something before the ERP keeps
    the method back; then no document is removed before an operator accepts it.
    """
    try:
        return bool(await session.client.read_user_permissions())
    except (ErpRejected, ErpContractBroken) as error:
        unknown = Failure(
            code="user_permissions_unknown",
            message=f"{error.message} So nothing that is missing is removed.",
            cure="Any user may ask: let a proxy or firewall before the ERP pass the request on.",
        )
        session.blind_spots.append(unknown)
        return True


async def _record_changes(session: Session, known: Instance, versions: dict[str, str]) -> None:
    changes = [
        (Drift.VERSION_CHANGED, app, known.versions.get(app), versions.get(app))
        for app in sorted(known.versions.keys() | versions.keys())
        if known.versions.get(app) != versions.get(app)
    ]
    if known.time_zone != session.time_zone:
        changes.append((Drift.TIME_ZONE_CHANGED, "", known.time_zone, session.time_zone))
        await SyncState.get_pymongo_collection().update_many(
            {"instance": session.instance}, {"$set": {"reread_at": None}}
        )
    await record_drift(
        [
            DriftEvent(
                instance=session.instance,
                drift=drift,
                field=field or None,
                before=before,
                after=after,
                run_id=session.run_id,
                at=session.clock(),
            )
            for drift, field, before, after in changes
        ]
    )
