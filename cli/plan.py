"""`csa ingest --plan`: what an ingestion would pull."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from rich.table import Table

from cli.failures import failure_as_json, failure_exit_code
from cli.terminal import out, print_error, print_json, printable
from warehouse.datastore import open_datastore
from warehouse.errors import WarehouseError
from warehouse.ingestion.plan import make_plan
from warehouse.ingestion.run import Limits, Surroundings, open_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.ingestion.plan import Plan
    from warehouse.ingestion.task import Selection
    from warehouse.settings import ErpInstance, Settings


def print_plans(
    settings: Settings, erps: Sequence[ErpInstance], selection: Selection, *, as_json: bool
) -> int:
    """Print a plan for each instance; return the exit code: 1 or 5 if any could not be made."""
    plans = asyncio.run(_make_plans(settings, erps, selection))
    if as_json:
        names = [erp.instance for erp in erps]
        told = dict(zip(names, map(_as_json, plans), strict=True))
        print_json({"instances": told})
    for plan in plans:
        if isinstance(plan, WarehouseError):
            print_error(plan)
        elif not as_json:
            _print(plan)
    errors = [plan for plan in plans if isinstance(plan, WarehouseError)]
    return failure_exit_code(errors) if errors else 0


async def _make_plans(
    settings: Settings, erps: Sequence[ErpInstance], selection: Selection
) -> list[Plan | WarehouseError]:
    async with open_datastore(settings):
        return [await _make_plan(settings, erp, selection) for erp in erps]


async def _make_plan(
    settings: Settings, erp: ErpInstance, selection: Selection
) -> Plan | WarehouseError:
    try:
        async with open_look(erp, Limits.of(settings), Surroundings()) as run:
            plan = await make_plan(run, selection)
    except WarehouseError as error:
        return error
    return plan


def _print(plan: Plan) -> None:
    out.print(
        f"[bold]{plan.instance}[/]: at least {plan.documents:,} documents to pull, about "
        f"{plan.requests:,} requests and {plan.seconds:,.0f} s. Changes and deletions are known "
        "only to the run itself."
    )
    if plan.denied:
        out.print(f"  denied to the key: {printable(', '.join(plan.denied))}")
    table = Table("DocType", "in the ERP", "stored", "to pull", box=None, padding=(0, 2, 0, 2))
    for doctype in plan.doctypes:
        if doctype.in_erp:
            counts = (doctype.in_erp, doctype.stored, doctype.missing)
            table.add_row(printable(doctype.doctype), *(f"{count:,}" for count in counts))
    out.print(table)


def _as_json(plan: Plan | WarehouseError) -> dict[str, Any]:
    if isinstance(plan, WarehouseError):
        return failure_as_json(plan)
    return {
        "documents": plan.documents,
        "requests": plan.requests,
        "seconds": plan.seconds,
        "denied": plan.denied,
        "doctypes": [
            {"doctype": one.doctype, "in_erp": one.in_erp, "stored": one.stored}
            for one in plan.doctypes
        ],
    }
