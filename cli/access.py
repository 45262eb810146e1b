"""`csa access`: who may see what, refreshed, accepted, attested and explained."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import AsJson, Instances, select_instances
from cli.terminal import log_to_stderr, out, print_error, print_json, printable
from warehouse.access.attestation import attest, read_hooked
from warehouse.access.explain import Explanation, explain_access
from warehouse.access.hooks import unattested_apps
from warehouse.access.refresh import Refreshed, read_apps, refresh_access
from warehouse.access.snapshots import Snapshots
from warehouse.datastore import open_datastore
from warehouse.erpnext.client import ErpClient
from warehouse.errors import WarehouseError
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.settings import ErpInstance, Settings

NOTHING_DONE = 1
PARTLY_DONE = 3
_MARKS = {True: "[green]yes[/]", False: "[yellow]no [/]", None: "   "}

app = typer.Typer(help="Who may see what, as the ERPs say.", no_args_is_help=True)
Instance = Annotated[str, typer.Argument(metavar="INSTANCE", help="The instance.")]


@app.command("refresh")
def refresh(instances: Instances = None, *, as_json: AsJson = False) -> None:
    """Read the permission tables anew; what could not be read whole is not used.

    Exit code: 0 all read, 3 some, 1 none.
    """
    raise typer.Exit(_refresh_all(instances, accepts_empty=False, as_json=as_json))


@app.command("accept")
def accept(instance: Instance, *, as_json: AsJson = False) -> None:
    """Read them anew and believe that tables which had rows before are empty now.

    Exit code: 0, or 1 if they could not be read.
    """
    raise typer.Exit(_refresh_all([instance], accepts_empty=True, as_json=as_json))


@app.command("attest")
def attest_hooks(
    instance: Instance,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The hooks, JSON.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Vouch for the apps installed now: they hook what FILE says, and nothing else.

    docs/access.md tells how bench writes FILE. Then the permission tables are read anew.
    """
    log_to_stderr()
    settings = get_settings()
    hooked = read_hooked(file.read_bytes())
    asyncio.run(_attest(settings, settings.instance(instance), hooked))
    raise typer.Exit(_refresh_all([instance], accepts_empty=False, as_json=as_json))


@app.command("explain")
def explain(
    instance: Instance,
    erp_user: Annotated[str, typer.Argument(metavar="ERP_USER", help="A user of that ERP.")],
    doctype: Annotated[str, typer.Argument(metavar="DOCTYPE", help="A DocType.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="A document's name.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell which rule shows a document to an ERPNext user, or hides it."""
    settings = get_settings()
    told = asyncio.run(_explain(settings, settings.instance(instance), (erp_user, doctype, name)))
    if as_json:
        print_json(told)
    else:
        _print_explanation(told)


def _refresh_all(names: list[str] | None, *, accepts_empty: bool, as_json: bool) -> int:
    log_to_stderr()
    settings = get_settings()
    erps = select_instances(settings, names)
    results = asyncio.run(_refresh(settings, erps, accepts_empty=accepts_empty))
    if as_json:
        print_json({"instances": {name: _as_json(result) for name, result in results.items()}})
    else:
        for name, result in results.items():
            _print_result(name, result)
    failed = sum(isinstance(result, WarehouseError) for result in results.values())
    if not failed:
        return 0
    return NOTHING_DONE if failed == len(results) else PARTLY_DONE


async def _refresh(
    settings: Settings, erps: Sequence[ErpInstance], *, accepts_empty: bool
) -> dict[str, Refreshed | WarehouseError]:
    async with open_datastore(settings):
        found = await asyncio.gather(
            *(refresh_access(erp, accepts_empty=accepts_empty) for erp in erps),
            return_exceptions=True,
        )
    results: dict[str, Refreshed | WarehouseError] = {}
    for erp, result in zip(erps, found, strict=True):
        if not isinstance(result, Refreshed | WarehouseError):
            raise result
        results[erp.instance] = result
    return results


async def _attest(settings: Settings, erp: ErpInstance, hooked: list[str]) -> None:
    async with open_datastore(settings):
        async with ErpClient(erp) as client:
            apps = await read_apps(client)
        await attest(erp.instance, apps, hooked, datetime.now(UTC))


async def _explain(
    settings: Settings, erp: ErpInstance, asked: tuple[str, str, str]
) -> Explanation:
    async with open_datastore(settings):
        snapshot = await Snapshots.of(settings).get(erp.instance)
        return await explain_access(snapshot, *asked)


def _as_json(result: Refreshed | WarehouseError) -> dict[str, Any]:
    if isinstance(result, WarehouseError):
        failure = {"code": result.code, "message": result.message, "cure": result.cure}
        return {"outcome": "failed", "failure": failure}
    return {
        "outcome": "changed" if result.is_changed else "confirmed",
        "version": result.version,
        "read_at": result.read_at.isoformat(),
        "rows": result.rows,
        "lacking": result.lacking,
        "pending": sorted(result.snapshot.pending),
        "unattested_apps": unattested_apps(result.snapshot),
    }


def _print_result(instance: str, result: Refreshed | WarehouseError) -> None:
    if isinstance(result, WarehouseError):
        print_error(result)
        return
    said = "new rules in force" if result.is_changed else "as before"
    rows = ", ".join(f"{number:,} {table}" for table, number in result.rows.items())
    out.print(f"[bold]{instance}[/] [green]{said}[/]: {rows}")
    if unknown := unattested_apps(result.snapshot):
        out.print(
            f"  [yellow]nothing is shown by roles[/]: nobody has attested the hooks of "
            f"{printable(', '.join(unknown))}; see csa access attest."
        )
    if pending := sorted(result.snapshot.pending):
        out.print(
            f"  [yellow]to be read in full[/] before links of {printable(', '.join(pending))} "
            "count: the key has not always read them; csa check says what to do."
        )
    for doctype, why in result.lacking.items():
        out.print(f"  [yellow]not shown[/] {printable(doctype)}: {printable(why)}")


def _print_explanation(told: Explanation) -> None:
    verdict = "[green]sees[/]" if told.is_shown else "[yellow]does not see[/]"
    asked = f"{printable(told.doctype)} {printable(told.name)}"
    out.print(f"[bold]{printable(told.user)}[/] {verdict} {asked} of {told.instance}.")
    for step in told.steps:
        out.print(f"  {_MARKS[step.holds]}  {printable(step.text)}")
    if told.hidden:
        out.print(f"  Fields hidden in any case: {printable(', '.join(told.hidden))}.")
