"""Does Frappe answer under an instance's URL? Asked without the key: a stranger must not get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from warehouse.doctor.findings import Finding, error, failed, well
from warehouse.erpnext.answers import Answer, read_answer
from warehouse.erpnext.certificates import trusted_certificates
from warehouse.errors import ErpError, ErpUnauthorized

if TYPE_CHECKING:
    from warehouse.settings import ErpInstance

TIMEOUT = httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=10.0)
PING = "/api/method/ping"


async def check_address(
    erp: ErpInstance, transport: httpx.AsyncBaseTransport | None = None
) -> Finding:
    """Return whether the site of `erp` answers as Frappe does; an error if not."""
    subject = f"{erp.instance} url"
    try:
        async with httpx.AsyncClient(
            base_url=erp.url,
            headers={"Accept": "application/json"},
            timeout=TIMEOUT,
            transport=transport,
            verify=trusted_certificates(),
        ) as http:
            response = await http.get(PING)
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        return error(subject, *_explain(erp, failure))
    if response.next_request is not None:
        return error(subject, *_explain_redirect(erp, response.next_request.url))
    return _judge(erp, subject, response)


def _judge(erp: ErpInstance, subject: str, response: httpx.Response) -> Finding:
    answer = Answer(
        instance=erp.instance,
        request="ping",
        status=response.status_code,
        content_type=response.headers.get("content-type", ""),
        body=response.content,
        retry_after=response.headers.get("retry-after"),
    )
    try:
        body = read_answer(answer)
    except ErpUnauthorized:
        return error(
            subject,
            f"Something before ERPNext at {erp.url} asks for a login ({answer.status}).",
            "Let this machine through to /api in that proxy; ERPNext itself answers a ping.",
        )
    except ErpError as failure:
        return failed(subject, failure)
    if body.get("message") != "pong":
        return error(
            subject,
            f"{erp.url} answers JSON, but not as Frappe does.",
            f"Set {_variable(erp)} to the address of the ERPNext site itself.",
        )
    return well(subject, f"Frappe answers at {erp.url}.")


def _explain(erp: ErpInstance, failure: Exception) -> tuple[str, str]:
    # The request carried no key, so the reason may be shown as it is.
    reason = f"{type(failure).__name__}: {failure}".rstrip(": ")
    cure = f"Check that the site runs, {_variable(erp)}, this machine's DNS and the firewall."
    if "CERTIFICATE" in str(failure).upper():
        cure = "Mend the site's certificate, or install its authority on this machine."
    return f"{erp.url} can't be reached ({reason}).", cure


def _explain_redirect(erp: ErpInstance, target: httpx.URL) -> tuple[str, str]:
    origin = f"{target.scheme}://{target.netloc.decode('ascii')}"
    if target.path.endswith(PING):
        site = origin + target.path.removesuffix(PING)
        return f"{erp.url} redirects to {site}.", f"Set {_variable(erp)}={site}."
    cure = f"Let this machine through to /api there, or correct {_variable(erp)}."
    return f"{erp.url} redirects to another page, on {origin}.", cure


def _variable(erp: ErpInstance) -> str:
    return f"ERP__{erp.instance.upper()}__URL"
