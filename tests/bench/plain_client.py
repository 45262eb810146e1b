"""The baseline: httpx, the same pages and child lists as the engine, the bodies thrown away.

Of a page it decodes what it needs to ask on: names, and the last `modified`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from tests.bench.workbench import Speed
from warehouse.erpnext.meta import ChildTable, Shape
from warehouse.erpnext.policy import policy_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from demo.site.process import SiteProcess

PAGE_ROWS = 1000
AT_ONCE = 2
LIST = "/api/method/frappe.client.get_list"
META = "/api/method/frappe.desk.form.load.getdoctype"


class _Row(msgspec.Struct):
    name: str | int
    modified: str | None = None


class _Page(msgspec.Struct):
    message: list[_Row]


_decode = msgspec.json.Decoder(_Page).decode


@asynccontextmanager
async def connect(
    site: SiteProcess, connections: int = AT_ONCE
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the site that sends at most `connections` requests at once."""
    async with httpx.AsyncClient(
        base_url=site.url,
        headers={"Authorization": f"token {site.key}:{site.secret}"},
        timeout=httpx.Timeout(120.0, pool=None),
        limits=httpx.Limits(max_connections=connections),
        trust_env=False,
    ) as client:
        yield client


async def read_shapes(site: SiteProcess) -> list[Shape]:
    """Return the shapes of the DocTypes that the engine pages; not part of what is timed."""
    async with connect(site) as client:
        listed = await _ask(client, doctype="DocType", fields=["*"], filters=[["istable", "=", 0]])
        shapes = []
        for row in msgspec.json.decode(listed)["message"]:
            if is_paged(row) and await _has_documents(client, row["name"]):
                answer = await client.get(META, params={"doctype": row["name"]})
                shapes.append(Shape.of(answer.raise_for_status().json()["docs"]))
        return shapes


def is_paged(row: dict[str, Any]) -> bool:
    """Say whether the engine reads the DocType by pages."""
    policy = policy_of(row["name"], is_custom=bool(row["custom"]))
    return policy.is_stored and not row["issingle"] and not row["is_virtual"]


async def _has_documents(client: httpx.AsyncClient, doctype: str) -> bool:
    body = await _ask(client, doctype=doctype, fields=["name"], limit_page_length=1)
    return bool(_decode(body).message)


async def read_everything(site: SiteProcess, shapes: list[Shape]) -> Speed:
    """Read all documents of the DocTypes of `shapes`, one page and its children at a time."""
    async with connect(site) as client:
        started = time.perf_counter()
        documents = 0
        for shape in shapes:
            async for names in walk(client, shape.doctype):
                documents += len(names)
                await asyncio.gather(
                    *(_read_children(client, shape, table, names) for table in shape.child_tables)
                )
        return Speed(documents, time.perf_counter() - started)


async def walk(client: httpx.AsyncClient, doctype: str) -> AsyncIterator[list[str | int]]:
    """Give the names of each page of all columns, in the order (modified, name)."""
    seek: dict[str, Any] = {}
    while True:
        body = await _ask(
            client,
            doctype=doctype,
            fields=["*"],
            order_by="modified asc, name asc",
            limit_page_length=PAGE_ROWS,
            **seek,
        )
        page = _decode(body).message
        if page:
            yield [row.name for row in page]
        if len(page) < PAGE_ROWS:
            return
        last = page[-1]
        seek = {
            "filters": [["modified", ">=", last.modified]],
            "or_filters": [["modified", ">", last.modified], ["name", ">", last.name]],
        }


async def _read_children(
    client: httpx.AsyncClient, shape: Shape, table: ChildTable, names: list[str | int]
) -> None:
    await _ask(
        client,
        doctype=table.doctype,
        parent=shape.doctype,
        fields=["*"],
        filters=[
            ["parenttype", "=", shape.doctype],
            ["parentfield", "=", table.fieldname],
            ["parent", "in", names],
        ],
        order_by="parent asc, idx asc",
    )


async def _ask(client: httpx.AsyncClient, **query: Any) -> bytes:
    answer = await client.post(LIST, json={"limit_page_length": 0} | query)
    return answer.raise_for_status().content
