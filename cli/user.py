"""`csa user`: portal accounts, their links, passwords and tokens, and the audit."""

from __future__ import annotations

import asyncio
import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from cli.options import AsJson
from cli.terminal import err, out, print_json, printable
from warehouse.accounts.administration import Administration, list_accounts
from warehouse.accounts.audit import read_audit
from warehouse.accounts.register import get_account
from warehouse.accounts.tokens import DEFAULT_DAYS, MOST_DAYS
from warehouse.datastore import open_datastore
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from warehouse.documents.accounts import Account, AuditEntry, Link

app = typer.Typer(help="Portal accounts.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The account's name.")]
InstanceId = Annotated[str, typer.Argument(metavar="INSTANCE", help="An instance's id.")]
T = TypeVar("T")
SHOWN = ("at", "event", "account_name", "instance", "doctype", "name", "rows", "reason")


@app.command("add")
def add(
    name: Name,
    *,
    operator: Annotated[
        bool, typer.Option("--operator", help="May see freshness, runs and metrics.")
    ] = False,
) -> None:
    """Make an account; it has no password until `csa user password` sets one."""
    _run(lambda administration: administration.add(name, is_operator=operator))
    err.print(f"Account {printable(name)} made.")


@app.command("password")
def password(name: Name) -> None:
    """Set the portal password, asked for on a terminal and read from stdin elsewhere.

    All sessions and tokens of the account end.
    """
    new = _read_password()
    _run(lambda administration: administration.set_password(name, new))
    err.print(f"Password of {printable(name)} set.")


@app.command("link")
def link(
    name: Name,
    instance: InstanceId,
    erp_user: Annotated[str, typer.Argument(metavar="ERP_USER", help="The user there.")],
) -> None:
    """Link an account to a user of an ERPNext, who is asked for there with the warehouse's key."""
    erp = get_settings().instance(instance)
    _run(lambda administration: administration.link(name, erp, erp_user))
    err.print(f"{printable(name)} linked to {printable(erp_user)} of {instance}.")


@app.command("unlink")
def unlink(name: Name, instance: InstanceId) -> None:
    """Remove an account's link; the ERP is closed to its sessions and tokens within a second."""
    _run(lambda administration: administration.unlink(name, instance))
    err.print(f"{printable(name)} is not linked to {printable(instance)} any more.")


@app.command("disable")
def disable(name: Name) -> None:
    """Close an account; its sessions and tokens end within a second, its links stay."""
    _run(lambda administration: administration.disable(name))
    err.print(f"Account {printable(name)} disabled.")


@app.command("enable")
def enable(name: Name) -> None:
    """Open a closed account again."""
    _run(lambda administration: administration.enable(name))
    err.print(f"Account {printable(name)} enabled.")


@app.command("token")
def token(
    name: Name,
    *,
    title: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    days: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, help="How long it is valid.")
    ] = DEFAULT_DAYS,
) -> None:
    """Print a new personal access token on stdout, and nothing else."""
    made = _run(lambda administration: administration.make_token(name, title, days))
    sys.stdout.write(f"{made}\n")


@app.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """List all accounts with their links."""
    rows = [_describe(account, links) for account, links in _read(list_accounts)]
    if as_json:
        print_json({"accounts": rows})
        return
    table = Table("account", "operator", "password", "links", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        links = ", ".join(f"{one['instance']}: {one['erp_user']}" for one in row["links"])
        name = row["name"] + (" (disabled)" if row["is_disabled"] else "")
        flags = ("yes" if row[flag] else "" for flag in ("is_operator", "has_password"))
        table.add_row(printable(name), *flags, printable(links))
    out.print(table if rows else "There is no account.")


@app.command("audit")
def audit(
    name: Annotated[str | None, typer.Argument(help="Only this account's entries.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Entries at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show who signed in, linked, read and exported what, the last first."""

    async def read() -> list[AuditEntry]:
        account = None if name is None else (await get_account(name)).id
        return await read_audit(account, limit)

    rows = [
        entry.model_dump(mode="json", exclude={"id"}, exclude_none=True) for entry in _read(read)
    ]
    if as_json:
        print_json({"entries": rows})
        return
    table = Table(*SHOWN, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*(printable(str(row.get(column, ""))) for column in SHOWN))
    out.print(table if rows else "Nothing was audited.")


def _describe(account: Account, links: Sequence[Link]) -> dict[str, Any]:
    return {
        "name": account.name,
        "is_operator": account.is_operator,
        "is_disabled": account.is_disabled,
        "has_password": account.password_hash is not None,
        "created_at": account.created_at.isoformat(),
        "links": [
            {
                "instance": link.instance,
                "erp_user": link.erp_user,
                "proof": link.proof.value,
                "proven_at": link.proven_at.isoformat(),
            }
            for link in links
        ],
    }


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise typer.BadParameter("the two passwords differ")
    return first


def _run(change: Callable[[Administration], Awaitable[T]]) -> T:
    async def run() -> T:
        return await change(Administration(datetime.now(UTC)))

    return _read(run)


def _read(read: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with open_datastore(get_settings()):
            return await read()

    return asyncio.run(run())
