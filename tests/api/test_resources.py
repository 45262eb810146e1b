"""Instances, DocTypes, freshness, runs, health and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

DOCTYPES = "/api/v1/instances/site/doctypes"


def test_instances_are_those_of_the_settings_with_their_freshness(client: httpx.Client):
    other, site = client.get("/api/v1/instances").json()["items"]
    assert (other["instance"], other["documents"], other["verified_at"]) == ("other", 0, None)
    assert (site["instance"], site["title"]) == ("site", "Sample site")
    assert site["documents"] > 200
    assert site["verified_at"] <= site["attempted_at"]
    assert client.get("/api/v1/instances/site").json() == site


def test_the_documents_of_an_instance_are_those_of_its_doctypes(client: httpx.Client):
    items = client.get(DOCTYPES).json()["items"]
    assert [item["doctype"] for item in items] == sorted(item["doctype"] for item in items)
    documents = sum(item["documents"] for item in items)
    assert documents == client.get("/api/v1/instances/site").json()["documents"]
    for item in items:
        counted = client.get(f"{DOCTYPES}/{item['doctype']}/documents?count=exact&size=1").json()
        assert counted["count"] == item["documents"]


def test_a_doctype_tells_its_fields_and_child_tables(client: httpx.Client):
    told = client.get(f"{DOCTYPES}/Sales Invoice").json()
    fields = {field["fieldname"]: field for field in told["fields"]}
    assert fields["customer"]["link_to"] == "Customer"
    assert fields["customer"]["label"] == "Customer"
    assert fields["posting_date"]["operators"][0] == "exact"
    assert fields["name"]["is_standard"]
    assert not fields["customer"]["is_standard"]
    tables = {table["fieldname"]: table for table in told["child_tables"]}
    assert tables["items"]["doctype"] == "Sales Invoice Item"
    assert "item_code" in {field["fieldname"] for field in tables["items"]["fields"]}


def test_every_field_can_be_asked_for_sorted_by_and_filtered_by_as_told(client: httpx.Client):
    told = client.get(f"{DOCTYPES}/Sales Invoice").json()
    for field in told["fields"]:
        name = field["fieldname"]
        sort = name if field["is_sortable"] else "name"
        query = f"fields={name}&sort={sort}&{name}__isnull=0&size=1&count=none"
        assert client.get(f"{DOCTYPES}/Sales Invoice/documents?{query}").status_code == 200
    for table in told["child_tables"]:
        for field in table["fields"]:
            query = f"{table['fieldname']}.{field['fieldname']}__isnull=1&size=1"
            assert client.get(f"{DOCTYPES}/Sales Invoice/documents?{query}").status_code == 200


def test_a_doctype_without_documents_has_fields_and_an_empty_list(client: httpx.Client):
    items = client.get(DOCTYPES).json()["items"]
    empty = next(one for one in items if one["documents"] == 0)
    told = client.get(f"{DOCTYPES}/{empty['doctype']}").json()
    assert not all(field["is_standard"] for field in told["fields"])
    page = client.get(f"{DOCTYPES}/{empty['doctype']}/documents").json()
    assert (page["items"], page["count"], page["next_cursor"]) == ([], 0, None)


def test_freshness_tells_of_every_doctype_and_of_the_last_run(client: httpx.Client):
    other, site = client.get("/api/v1/freshness").json()["items"]
    assert (other["run_id"], other["doctypes"]) == (None, [])
    assert (site["run_id"], site["run_outcome"]) == ("site-00000001", "completed")
    invoices = next(one for one in site["doctypes"] if one["doctype"] == "Sales Invoice")
    assert invoices["documents"] > 50
    assert invoices["lag_s"] >= 0


def test_runs_tell_what_was_done(client: httpx.Client):
    runs = client.get("/api/v1/runs").json()["items"]
    assert [run["id"] for run in runs] == ["site-00000001"]
    assert client.get("/api/v1/runs?instance=other").json() == {"items": []}
    assert client.get("/api/v1/runs?instance=site&size=1").json() == {"items": runs}
    run = client.get("/api/v1/runs/site-00000001").json()
    assert {key: run[key] for key in runs[0]} == runs[0]
    assert run["totals"]["new"] == sum(one["numbers"]["new"] for one in run["doctypes"])


def test_metrics_count_requests_by_route_and_tell_how_fresh_the_documents_are(
    client: httpx.Client, stranger: httpx.Client
):
    client.get(f"{DOCTYPES}/Customer/documents/nobody")
    stranger.get("/api/v1/instances")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    route = "/api/v1/instances/{instance}/doctypes/{doctype}/documents/{name}"
    assert f'csa_http_requests_total{{method="GET",route="{route}",status="404"}}' in answer.text
    assert 'csa_http_requests_total{method="GET",route="-",status="401"}' in answer.text
    assert 'csa_documents{instance="site"}' in answer.text
    assert 'csa_verified_timestamp_seconds{instance="other"} 0.0' in answer.text
    assert "nobody" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/instances", "/api/v1/instances/site", DOCTYPES, f"{DOCTYPES}/Customer"),
        *("/api/v1/freshness", "/api/v1/runs", "/api/v1/runs/site-00000001"),
        *("/health/live", "/health/ready", "/metrics", "/schema/openapi.json"),
        f"{DOCTYPES}/Customer/documents/x",
        f"{DOCTYPES}/Customer/document",
    ],
)
def test_unknown_parameters_are_refused_everywhere(client: httpx.Client, path: str):
    answer = client.get(f"{path}?sise=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")
    assert answer.json()["parameter"] == "sise"


def test_a_misspelt_parameter_is_told_the_right_one(client: httpx.Client):
    assert "Did you mean size?" in client.get("/api/v1/runs?sise=1").json()["detail"]


def test_a_parameter_that_is_missing_is_asked_for(client: httpx.Client):
    answer = client.get(f"{DOCTYPES}/Customer/document")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
