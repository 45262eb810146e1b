"""The DocTypes whose documents are parties, and what of them tells who they are (C12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.cleaning.names import normalise_name
from warehouse.identity.evidence import Evidences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from warehouse.identity.matching import Ids, RecordKey

    Row = Mapping[str, Any]

IDENTIFIERS = ("gstin", "tax_id", "pan", "mobile_no", "mobile", "phone")
MEMBER_FIELDS = ("member_no", "member_number", "custom_member_no", "folio_no")
VILLAGE_FIELDS = ("village", "custom_village")
FATHER_FIELDS = ("father_name", "fathers_name", "custom_father_name")
COMPARED = (*IDENTIFIERS, *MEMBER_FIELDS, *VILLAGE_FIELDS, *FATHER_FIELDS)
DOUBT_PREFIX = "doubt-"
ADDRESS_FIELDS = ("gstin", "tax_id", "pan", "links.link_doctype", "links.link_name")
ACCOUNT_FIELDS = ("party_type", "party", "bank", "bank_account_no", "iban")


@dataclass(frozen=True, slots=True)
class PartyKind:
    """A DocType of parties: its role, and the fields of its title, group and territory."""

    doctype: str
    role: str
    title: str
    group: str | None
    territory: str | None = None
    is_optional: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that are read of it."""
        own = [one for one in (self.title, self.group, self.territory) if one]
        internal = () if self.is_optional else (f"is_internal_{self.role}", "disabled")
        return (*own, *internal, *COMPARED)

    @property
    def evidence(self) -> tuple[str, ...]:
        """The fields that it is compared with others by, as columns are declared to be of them."""
        return tuple(f"{self.doctype}.{name}" for name in (self.title, *COMPARED))


PARTY_KINDS = (
    PartyKind("Customer", "customer", "customer_name", "customer_group", "territory"),
    PartyKind("Supplier", "supplier", "supplier_name", "supplier_group"),
    PartyKind("Farmer", "farmer", "farmer_name", None, "territory", is_optional=True),
)

# Who may not see one of these in all documents is not told which parties are one.
PARTY_EVIDENCE = (
    *(path for kind in PARTY_KINDS for path in kind.evidence),
    *(f"Address.{name}" for name in ADDRESS_FIELDS),
    *(f"Bank Account.{name}" for name in ACCOUNT_FIELDS),
)


@dataclass(slots=True)
class PartyEvidences:
    """Evidence that joins parties, and evidence that only a person can judge."""

    strong: Evidences = field(default_factory=Evidences)
    weak: dict[tuple[str, ...], set[RecordKey]] = field(default_factory=dict)

    def add(self, key: RecordKey, row: Row, name: str) -> None:
        """Take in a party's document."""
        self.strong.add(key, row, name)
        for evidence in _read_weak(key, row, name):
            self.weak.setdefault(evidence, set()).add(key)

    def doubts(self, ids: Ids) -> dict[RecordKey, str]:
        """Return record → an id that it shares with those that may be the same.

        Made of the records' places in their ERPs, not of what they have in common.
        """
        groups = [set(pair) for pair in self.strong.doubts()]
        groups += [keys for keys in self.weak.values() if len(keys) > 1]
        found: dict[RecordKey, str] = {}
        for keys in sorted(groups, key=sorted):
            doubt = ids.make(min(keys))
            found.update({key: min(doubt, found.get(key, doubt)) for key in keys})
        return found


def first_of(row: Row, names: tuple[str, ...]) -> str:
    """Return the first of these fields that is filled."""
    return next((str(row[name]).strip() for name in names if row.get(name)), "")


def _read_weak(key: RecordKey, row: Row, name: str) -> Iterator[tuple[str, ...]]:
    """Yield what two records of one person share, and two persons may share, too."""
    member = first_of(row, MEMBER_FIELDS)
    if member:
        yield "member", key.instance, member.casefold()
    village, father = first_of(row, VILLAGE_FIELDS), first_of(row, FATHER_FIELDS)
    if village and father:
        yield "village", *(normalise_name(text) for text in (village, father, name))
