"""Requests made up from the published description: none may bring what it does not promise.

Valid ones and invalid ones, always the same (derandomised), a bounded number per route. What is
really there stands in for half of what is made up, since that would only ever find nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.published import document
from tests.api.serving import TOKEN

if TYPE_CHECKING:
    import httpx

    from tests.api.serving import ApiProcess

EXAMPLES = 25
# The server refuses longer ones in words of its own, before they reach the API.
LONGEST_URL = 65_535
REAL = {
    "instance": "site",
    "doctype": "Customer",
    "run_id": "site-00000001",
    "slug": "sales_lines",
    "measure": "net",
    "by": "month",
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="session")
def real(client: httpx.Client) -> dict[str, str]:
    documents = "/api/v1/instances/site/doctypes/Customer/documents"
    return {**REAL, "name": client.get(documents, params={"size": 1}).json()["items"][0]["name"]}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_bring_what_is_published(
    api: ApiProcess, real: dict[str, str], case: schemathesis.Case
):
    for given in (case.path_parameters or {}, case.query or {}):
        for name in given.keys() & real.keys():
            if len(str(given[name])) % 2:
                given[name] = real[name]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = case.call(base_url=api.url, headers=headers)
    if len(answer.request.url or "") > LONGEST_URL:
        assert answer.status_code == 400
    else:
        case.validate_response(answer, checks=CHECKS)
