"""Requests made up from the published description: none may bring what it does not promise.

Valid ones and invalid ones, always the same (derandomised), a bounded number per route. Real ids
stand in for made-up ones in half of the paths, since those would only ever find nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from tests.api.serving import ApiProcess

EXAMPLES = 25
REAL = {"instance": "site", "doctype": "Customer", "run_id": "site-00000001"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_bring_what_is_published(api: ApiProcess, case: schemathesis.Case):
    for name, real in REAL.items():
        if name in (case.path_parameters or {}) and len(str(case.path_parameters[name])) % 2:
            case.path_parameters[name] = real
    headers = {"Authorization": f"Bearer {TOKEN}"}
    case.call_and_validate(base_url=api.url, headers=headers, checks=CHECKS)
