"""Which DocTypes a site has, and which of them its key may read, found out by asking for one row.

A DocType that only `select` opens answers like a readable one, with a few columns of each document;
one that `if_owner` opens, with the key's own documents. Only the site's rules tell these apart.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.erpnext.policy import is_selected, policy_of
from warehouse.erpnext.query import ListQuery
from warehouse.errors import ErpContractBroken, ErpError, ErpRejected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.erpnext.client import ErpClient
    from warehouse.settings import ErpInstance

COLUMNS = ("name", "module", "istable", "issingle", "is_virtual", "custom")
# What the datasets and most questions need; a site's custom DocTypes are asked beside them.
CRITICAL = (
    *("Company", "Fiscal Year", "Account", "Cost Center", "Territory", "Customer Group"),
    *("Customer", "Supplier", "Address", "Contact", "Employee", "Project", "Lead"),
    *("Item", "Item Group", "Item Price", "Warehouse", "Batch", "Serial No", "Bin"),
    *("Quotation", "Sales Order", "Delivery Note", "Sales Invoice"),
    *("Material Request", "Purchase Order", "Purchase Receipt", "Purchase Invoice"),
    *("Payment Entry", "Journal Entry", "GL Entry", "Payment Ledger Entry"),
    *("Stock Entry", "Stock Ledger Entry", "Asset"),
)


@dataclass(frozen=True, slots=True)
class ListedDocType:
    """A DocType as far as asking for it goes; `parent` is what a child table is asked with."""

    name: str
    module: str = ""
    is_single: bool = False
    is_custom: bool = False
    is_stored: bool = False
    parent: str | None = None


@dataclass(slots=True)
class Answers:
    """How a site answered for each of the DocTypes that it was asked for."""

    readable: list[ListedDocType] = field(default_factory=list)
    denied: list[ListedDocType] = field(default_factory=list)
    failed: dict[str, ErpError] = field(default_factory=dict)


async def read_catalog(client: ErpClient, erp: ErpInstance) -> dict[str, ListedDocType]:
    """Return name → DocType of all that the site has."""
    rows = await client.list_rows(ListQuery("DocType", COLUMNS))
    return {doctype.name: doctype for doctype in (_listed(row, erp) for row in rows)}


def choose_doctypes(
    catalog: dict[str, ListedDocType], *, every_doctype: bool
) -> list[ListedDocType]:
    """Return the stored DocTypes to ask for: the critical and custom ones, or all."""
    return [
        doctype
        for doctype in catalog.values()
        if doctype.is_stored and (every_doctype or doctype.is_custom or doctype.name in CRITICAL)
    ]


async def ask_for(client: ErpClient, doctypes: Iterable[ListedDocType]) -> Answers:
    """Ask for one row of each, as many at once as the client allows.

    Raises:
        ErpError: what concerns the whole site; the questions still open are dropped.
    """
    answers = Answers()
    try:
        async with asyncio.TaskGroup() as questions:
            for doctype in doctypes:
                questions.create_task(_ask(client, doctype, answers))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return answers


async def _ask(client: ErpClient, doctype: ListedDocType, answers: Answers) -> None:
    try:
        if doctype.is_single:
            await client.read(doctype.name)
        else:
            query = ListQuery(doctype.name, ("name",), limit=1, parent=doctype.parent)
            await client.list_rows(query)
    except (ErpRejected, ErpContractBroken) as failure:
        if is_refusal(failure):
            answers.denied.append(doctype)
        else:
            answers.failed[doctype.name] = failure
    else:
        answers.readable.append(doctype)


def is_refusal(failure: ErpError) -> bool:
    """Say whether the key lacks a right, and nothing else is wrong."""
    if not isinstance(failure, ErpRejected):
        return False
    return failure.exc_type == "PermissionError" or (
        not failure.exc_type and failure.status == 403  # noqa: PLR2004
    )


def _listed(row: dict[str, Any], erp: ErpInstance) -> ListedDocType:
    name, is_custom = str(row.get("name")), bool(row.get("custom"))
    return ListedDocType(
        name=name,
        module=str(row.get("module")),
        is_single=bool(row.get("issingle")),
        is_custom=is_custom,
        is_stored=not row.get("istable")
        and not row.get("is_virtual")
        and policy_of(name, is_custom=is_custom).is_stored
        and is_selected(name, erp.include, erp.exclude),
    )
