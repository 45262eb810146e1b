"""Every customer, supplier and farmer, with the party that they are across instances (C12).

The crosswalk of parties. A name alone never makes two records one; identifiers are read, compared
and forgotten, and no row holds one, nor anything made of one (C15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning.books import BOOK_FIELDS, read_books
from warehouse.cleaning.names import clean_name
from warehouse.cleaning.places import find_place
from warehouse.datasets.columns import (
    amount,
    distinct,
    empty_in,
    flag,
    integer,
    known_by,
    link,
    matched_by,
    share,
    text,
)
from warehouse.datasets.declaration import Dataset, Partition, Source
from warehouse.identity.evidence import CONFIDENCE
from warehouse.identity.matching import ALONE, CURATED, Ids, RecordKey, identify_alone, resolve
from warehouse.identity.parties import (
    ACCOUNT_FIELDS,
    ADDRESS_FIELDS,
    DOUBT_PREFIX,
    PARTY_EVIDENCE,
    PARTY_KINDS,
    VILLAGE_FIELDS,
    PartyEvidences,
    first_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from warehouse.cleaning.books import Books
    from warehouse.datasets.declaration import Row
    from warehouse.datasets.scope import Scope
    from warehouse.identity.matching import Identity
    from warehouse.identity.parties import PartyKind

ID_PREFIX = "party-"
SUPPLIER, FARMER = "Supplier", "Farmer"


async def build(scope: Scope) -> AsyncIterator[Row]:
    """Yield a row for each party: read once to find who is the same, and once more to tell it."""
    evidences, ids = await _gather(scope), Ids(ID_PREFIX, scope.identity_key)
    labels = {
        RecordKey(row["instance"], row["doctype"], row["name"]): row["party"]
        for row in scope.curated.rows("parties").values()
        if row["party"] and row["instance"] in scope.instances
    }
    known = resolve(ids, evidences.strong.pairs(), labels)
    doubts = evidences.doubts(Ids(DOUBT_PREFIX, scope.identity_key))
    for instance in scope.instances:
        books = await _read_books(scope, instance)
        for kind in PARTY_KINDS:
            async for row in scope.read(kind.doctype, instance):
                key = RecordKey(instance, kind.doctype, row["name"])
                identity = known.get(key) or identify_alone(ids, key)
                described = _describe(key, kind, row, identity, _place(kind, row, books, scope))
                yield described | {"doubt": doubts.get(key)}


async def _gather(scope: Scope) -> PartyEvidences:
    evidences = PartyEvidences()
    for instance in scope.instances:
        for kind in PARTY_KINDS:
            async for row in scope.read(kind.doctype, instance):
                key = RecordKey(instance, kind.doctype, row["name"])
                evidences.add(key, row, row.get(kind.title) or row["name"])
        async for row in scope.read("Address", instance):
            for owner in row.get("links", ()):
                key = RecordKey(instance, owner.get("link_doctype", ""), owner.get("link_name", ""))
                if key.doctype in _DOCTYPES:
                    evidences.strong.add(key, row, "")
        async for row in scope.read("Bank Account", instance):
            key = RecordKey(instance, row.get("party_type", ""), row.get("party", ""))
            if key.doctype in _DOCTYPES:
                evidences.strong.add_account(key, row)
    return evidences


async def _read_books(scope: Scope, instance: str) -> Books:
    return read_books({"Territory": [row async for row in scope.read("Territory", instance)]})


def _place(kind: PartyKind, row: Row, books: Books, scope: Scope) -> tuple[str, str] | None:
    territory = row.get(kind.territory) if kind.territory else None
    return find_place("Territory", territory, books, scope.curated) if territory else None


def _describe(
    key: RecordKey,
    kind: PartyKind,
    row: Row,
    identity: Identity,
    place: tuple[str, str] | None,
) -> dict[str, Any]:
    is_matched = identity.method != ALONE
    applied = {"C12": is_matched, "C14": place is not None}
    return {
        "instance": key.instance,
        "company": None,
        "party_type": key.doctype,
        "party": key.name,
        "party_name": clean_name(row.get(kind.title) or key.name),
        "role": kind.role,
        "party_group": row.get(kind.group) if kind.group else None,
        "territory": row.get(kind.territory) if kind.territory else None,
        "state": place[0] or None if place else None,
        "district": place[1] or None if place else None,
        "village": first_of(row, VILLAGE_FIELDS) or None,
        "is_internal": row.get(f"is_internal_{kind.role}", 0),
        "disabled": row.get("disabled", 0),
        "party_id": identity.id,
        "method": identity.method,
        "confidence": round(identity.confidence * 100),
        "records": 1,
        "matched": int(is_matched),
        "cleaned": [code for code, was_applied in applied.items() if was_applied],
        "source": {"doctype": key.doctype, "name": key.name},
    }


_DOCTYPES = frozenset(kind.doctype for kind in PARTY_KINDS)
_NAMES = tuple(f"{kind.doctype}.name" for kind in PARTY_KINDS)
_TITLES = tuple(f"{kind.doctype}.{kind.title}" for kind in PARTY_KINDS)
_GROUPS = tuple(f"{kind.doctype}.{kind.group}" for kind in PARTY_KINDS if kind.group)
_TERRITORIES = tuple(f"{kind.doctype}.{kind.territory}" for kind in PARTY_KINDS if kind.territory)
_OWN = tuple(kind for kind in PARTY_KINDS if not kind.is_optional)
_INTERNAL = tuple(f"{kind.doctype}.is_internal_{kind.role}" for kind in _OWN)
_DISABLED = tuple(f"{kind.doctype}.disabled" for kind in _OWN)
_VILLAGES = tuple(f"{kind.doctype}.{field}" for kind in PARTY_KINDS for field in VILLAGE_FIELDS)
_DOUBT = (
    "Shared by records that a person should compare: one mobile number but unlike names, one "
    "member number, or one village, father and name."
)

DATASET = Dataset(
    slug="parties",
    title="Parties",
    description=(
        "Every Customer, Supplier and Farmer of every instance. party_id is the same for records "
        "that are one: by GSTIN, PAN, mobile number with a similar name, bank account, or because "
        "a person said so. Records that share a doubt may be one: a person decides, in parties.csv."
    ),
    owner="Data steward",
    grain="one Customer, Supplier or Farmer",
    key=("instance", "company", "party_type", "party"),
    partition=Partition.ACROSS,
    sources=(
        *(Source(kind.doctype, kind.fields, is_optional=kind.is_optional) for kind in PARTY_KINDS),
        Source("Address", ADDRESS_FIELDS, is_optional=True),
        Source("Bank Account", ACCOUNT_FIELDS, is_optional=True),
        Source("Territory", BOOK_FIELDS["Territory"], is_setting=True),
    ),
    rows_of=tuple(kind.doctype for kind in PARTY_KINDS),
    crosswalk="party",
    cleaning=("C11", "C12", "C14", "C15"),
    dimensions=(
        text("company", "Company", description="Empty: a party belongs to no company."),
        text("party_type", "Party type", description="Customer, Supplier or Farmer"),
        text("party", "Party", *_NAMES),
        text("party_name", "Name", *_TITLES),
        text("role", "Role"),
        empty_in(text("party_group", "Group", *_GROUPS), FARMER),
        empty_in(link("territory", "Territory", *_TERRITORIES), SUPPLIER),
        empty_in(text("state", "State", *_TERRITORIES), SUPPLIER),
        empty_in(text("district", "District", *_TERRITORIES), SUPPLIER),
        text("village", "Village", *_VILLAGES),
        empty_in(flag("is_internal", "Company of the group", *_INTERNAL), FARMER),
        empty_in(flag("disabled", "Disabled", *_DISABLED), FARMER),
        known_by(text("party_id", "Party across instances"), PARTY_EVIDENCE),
        matched_by(
            text("method", "Known by", description=f"{ALONE}, {CURATED}, {', '.join(CONFIDENCE)}"),
            PARTY_EVIDENCE,
        ),
        matched_by(integer("confidence", "Confidence in %"), PARTY_EVIDENCE),
        matched_by(text("doubt", "Doubt", description=_DOUBT), PARTY_EVIDENCE),
    ),
    measures=(
        amount("records", "Records", "records"),
        matched_by(amount("matched", "Matched to another record", "records"), PARTY_EVIDENCE),
        share("matched_share", "Matched share", "matched", "records"),
        distinct("parties", "Parties", "parties", "party_id"),
        distinct("doubts", "Open doubts", "doubts", "doubt"),
    ),
    checks=(),
    freshness_hours=30,
    build=build,
)
