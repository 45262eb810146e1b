"""`csa forget`: erase one document everywhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import AsJson
from cli.terminal import out, print_json
from warehouse.datasets.registry import load_registry
from warehouse.datastore import open_datastore
from warehouse.documents.business import forget_rows, init_business
from warehouse.documents.forgetting import Erased
from warehouse.documents.forgetting import forget as erase
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from warehouse.settings import Settings

NOT_FOUND = 1


def forget(
    instance: Annotated[str, typer.Argument(help="The instance.")],
    doctype: Annotated[str, typer.Argument(help="The DocType.")],
    name: Annotated[str, typer.Argument(help="The document's name.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Erase a document from the store, its tombstones, the rejected documents, and dataset rows.

    Delete it in the ERP first: what the ERP still has comes back with the next run. Exit code: 0
    erased, 1 there was nothing to erase.
    """
    settings = get_settings()
    settings.instance(instance)
    erased, rows = asyncio.run(_forget(settings, instance, doctype, name))
    if as_json:
        copies = {"live": erased.live, "tombstones": erased.tombstones}
        print_json(copies | {"rejected": erased.rejected, "rows": rows})
    else:
        out.print(
            f"Erased {erased.live} live, {erased.tombstones} deleted and {erased.rejected} "
            f"rejected copies, and {rows} rows of datasets; what adds them up follows with the "
            "next transform. If the ERP still has the document, the next run stores it again."
        )
    raise typer.Exit(0 if erased.total or rows else NOT_FOUND)


async def _forget(settings: Settings, instance: str, doctype: str, name: str) -> tuple[Erased, int]:
    slugs = list(load_registry().datasets)
    async with open_datastore(settings) as datastore:
        await init_business(datastore.client[settings.business_database_name], slugs)
        erased = await erase(instance, doctype, name)
        return erased, await forget_rows(slugs, instance, doctype, name)
