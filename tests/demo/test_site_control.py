import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.site.collation import text_key
from demo.site.index import Span
from demo.site.site import SampleSite
from tests.demo.conftest import TOKEN, make_dataset, names_of, order, rows_of, write_folder


async def one(client, doctype, name, **params):
    rows = await rows_of(client, doctype, fields=["*"], filters=[["name", "=", name]], **params)
    return rows[0] if rows else None


async def test_an_edit_keeps_modified_unless_told_otherwise(client, site):
    before = await one(client, "Customer", "Raju Das")
    order(site, "edit", doctype="Customer", name="Raju Das", values={"territory": "Kerala"})
    after = await one(client, "Customer", "Raju Das")
    assert after == {**before, "territory": "Kerala"}
    order(site, "edit", doctype="Customer", name="Raju Das", modified="2020-01-01 00:00:00")
    oldest = await names_of(client, "Customer", order_by="modified asc, name asc")
    assert oldest[0] == "Raju Das"
    order(site, "edit", doctype="Customer", name="Raju Das", modified="now")
    latest = await names_of(client, "Customer", order_by="modified desc, name desc")
    assert latest[0] == "Raju Das"


async def test_two_edits_never_have_the_same_modified(client, site):
    stamps = set()
    for _ in range(20):
        order(site, "edit", doctype="Customer", name="Raju Das", modified="now")
        stamps.add((await one(client, "Customer", "Raju Das"))["modified"])
    assert len(stamps) == 20


async def test_a_child_row_is_edited_alone(client, site):
    before = await one(client, "Sales Invoice", "INV-1")
    changed = {"INV-1-items-2": {"qty": 7.5}}
    order(site, "edit", doctype="Sales Invoice", name="INV-1", child_values=changed)
    assert await one(client, "Sales Invoice", "INV-1") == before
    child = await one(client, "Sales Invoice Item", "INV-1-items-2", parent="Sales Invoice")
    assert child["qty"] == 7.5


async def test_a_child_table_is_replaced_and_completed(client, site):
    rows = [{"item_code": "new"}, {"item_code": "newer"}]
    order(site, "edit", doctype="Sales Invoice", name="INV-2", values={"items": rows})
    children = await rows_of(
        client,
        "Sales Invoice Item",
        parent="Sales Invoice",
        fields=["parent", "parentfield", "parenttype", "idx", "item_code"],
        filters=[["parent", "=", "INV-2"]],
        order_by="idx asc",
    )
    assert [tuple(row.values()) for row in children] == [
        ("INV-2", "items", "Sales Invoice", 1, "new"),
        ("INV-2", "items", "Sales Invoice", 2, "newer"),
    ]


async def test_an_inserted_document_has_all_columns(client, site):
    order(site, "insert", doctype="Customer", document={"name": "New One", "balance": 3.0})
    row = await one(client, "Customer", "new one")
    assert (row["balance"], row["territory"], row["docstatus"]) == (3.0, None, 0)
    assert row["modified"] == row["creation"]
    assert row.keys() == (await one(client, "Customer", "Raju Das")).keys()


async def test_the_first_document_of_a_doctype_brings_its_children(client, site):
    assert len(await names_of(client, "Sales Invoice Item", parent="Empty")) == 5
    first = {"name": "E1", "items": [{"item_code": "x"}]}
    order(site, "insert", doctype="Empty", document=first)
    parents = await rows_of(client, "Sales Invoice Item", parent="Empty", fields=["parenttype"])
    assert [row["parenttype"] for row in parents].count("Empty") == 1


async def test_a_deleted_document_leaves_its_trace(client, site):
    child = "/api/resource/Sales Invoice Item/INV-1-items-1"
    assert (await client.get(child)).status_code == 200
    order(site, "delete", doctype="Sales Invoice", name="INV-1")
    assert await one(client, "Sales Invoice", "INV-1") is None
    assert (await client.get(child)).status_code == 404
    remaining = await names_of(client, "Sales Invoice Item", parent="Sales Invoice")
    assert len(remaining) == 2
    (trace,) = await rows_of(client, "Deleted Document", fields=["*"])
    assert (trace["deleted_doctype"], trace["deleted_name"]) == ("Sales Invoice", "INV-1")
    assert len(json.loads(trace["data"])["items"]) == 3


async def test_sql_deletes_without_a_trace_and_may_leave_children_behind(client, site):
    order(site, "delete", doctype="Sales Invoice", name="INV-1", trace=False, keep_children=True)
    assert await names_of(client, "Deleted Document") == []
    orphans = await names_of(
        client, "Sales Invoice Item", parent="Sales Invoice", filters=[["parent", "=", "inv-1"]]
    )
    assert len(orphans) == 3
    assert len(await names_of(client, "Sales Invoice Item", parent="Sales Invoice")) == 5


async def test_a_child_row_is_gone_with_its_parent(client, site):
    path = "/api/resource/Sales Invoice Item/INV-1-items-1"
    assert (await client.get(path)).status_code == 200
    order(site, "delete", doctype="Sales Invoice", name="INV-1", trace=False)
    assert (await client.get(path)).status_code == 404


async def test_a_name_may_be_used_again_after_its_deletion(client, site):
    order(site, "delete", doctype="Customer", name="Raju Das")
    order(site, "insert", doctype="Customer", document={"name": "Raju Das", "territory": "Kerala"})
    assert (await one(client, "Customer", "Raju Das"))["territory"] == "Kerala"


async def test_a_rename_rewrites_links_and_no_modified(client, site):
    invoice, customer = (
        await one(client, "Sales Invoice", "INV-1"),
        await one(client, "Customer", "Raju Das"),
    )
    order(site, "rename", doctype="Customer", name="Raju Das", new_name="Raju Rao")
    assert await one(client, "Customer", "Raju Das") is None
    assert await one(client, "Customer", "Raju Rao") == {**customer, "name": "Raju Rao"}
    renamed = {"customer": "Raju Rao", "party": "Raju Rao"}
    assert await one(client, "Sales Invoice", "INV-1") == {**invoice, **renamed}
    assert (await one(client, "Sales Invoice", "INV/3"))["customer"] == "100% Organic"
    (comment,) = await rows_of(client, "Comment", fields=["content", "reference_name"])
    assert comment == {
        "content": "renamed from <strong>Raju Das</strong> to <strong>Raju Rao</strong>",
        "reference_name": "Raju Rao",
    }


async def test_a_rename_leaves_namesakes_of_other_doctypes_alone(client, site):
    values = {"party_type": "Supplier", "party": "Raju Das"}
    order(site, "edit", doctype="Sales Invoice", name="INV-2", values=values)
    order(site, "rename", doctype="Customer", name="Raju Das", new_name="Raju Rao")
    invoice = await one(client, "Sales Invoice", "INV-2")
    assert (invoice["customer"], invoice["party"]) == ("Raju Rao", "Raju Das")


async def test_a_rename_takes_the_children_along_and_rewrites_links_in_child_rows(client, site):
    order(site, "rename", doctype="Sales Invoice", name="INV-1", new_name="INV-9", comment=False)
    children = await rows_of(
        client,
        "Sales Invoice Item",
        parent="Sales Invoice",
        fields=["name", "parent"],
        filters=[["parent", "=", "INV-9"]],
    )
    assert {row["name"] for row in children} == {f"INV-1-items-{n}" for n in (1, 2, 3)}
    linked = {"INV-1-items-1": {"customer": "Raju Das"}}
    order(site, "edit", doctype="Sales Invoice", name="INV-9", child_values=linked)
    order(site, "rename", doctype="Customer", name="Raju Das", new_name="Raju Rao")
    child = await one(client, "Sales Invoice Item", "INV-1-items-1", parent="Sales Invoice")
    assert child["customer"] == "Raju Rao"
    assert await names_of(client, "Comment") != []


async def test_a_doctype_gets_a_field_and_may_be_refused_and_served_again(client, site):
    meta = make_dataset().metas["Customer"]
    custom = {"fieldname": "custom_grade", "fieldtype": "Data", "is_custom_field": 1}
    meta = {**meta, "fields": [*meta["fields"], custom], "modified": "2026-11-01 00:00:00"}
    order(
        site,
        "describe",
        doctype="Customer",
        meta=meta,
        values={"modified": "2026-11-01 00:00:00"},
    )
    order(site, "edit", doctype="Customer", name="Raju Das", values={"custom_grade": "A"})
    graded = await names_of(client, "Customer", filters=[["custom_grade", "=", "a"]])
    assert graded == ["Raju Das"]
    assert (await one(client, "DocType", "Customer"))["modified"] == "2026-11-01 00:00:00"
    for refused, status in ((True, 403), (False, 200)):
        order(site, "refuse", doctype="Customer", refused=refused)
        assert (await client.get("/api/resource/Customer")).status_code == status


async def test_zone_versions_and_the_whole_dataset_change(client, site, tmp_path):
    order(site, "time_zone", time_zone="Africa/Nairobi")
    order(site, "versions", versions={"frappe": "15.50.0", "hrms": "15.1.0"})
    zone = await client.get("/api/method/frappe.client.get_time_zone")
    assert zone.json() == {"message": {"time_zone": "Africa/Nairobi"}}
    apps = await client.get("/api/method/frappe.utils.change_log.get_versions")
    assert {app: each["version"] for app, each in apps.json()["message"].items()} == {
        "frappe": "15.50.0",
        "hrms": "15.1.0",
    }
    later = make_dataset()
    later.documents["Customer"] = later.documents["Customer"][:2]
    order(site, "swap", dataset=str(write_folder(later, tmp_path)))
    assert len(await names_of(client, "Customer")) == 2
    assert (await client.get("/api/resource/Secret")).status_code == 403


async def test_requests_are_counted_by_what_they_are_about(client, site):
    await client.get("/api/resource/Customer")
    await names_of(client, "Sales Invoice Item", parent="Sales Invoice")
    await names_of(client, "Sales Invoice Item", parent="Sales Invoice")
    await client.get("/api/resource/Customer/nope")
    report = order(site, "stats", reset=True)
    assert report["total"] == 4
    assert report["statuses"] == {"200": 3, "404": 1}
    counted = {
        (each["http_method"], each["kind"], each["doctype"], each["parent"]): (
            each["requests"],
            each["rows"],
        )
        for each in report["requests"]
    }
    assert counted == {
        ("GET", "list", "Customer", None): (1, 7),
        ("POST", "list", "Sales Invoice Item", "Sales Invoice"): (2, 10),
        ("GET", "read", "Customer", None): (1, 0),
    }
    assert order(site, "stats")["total"] == 0


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ({"do": "nonsense"}, "ValidationError"),
        ({"do": "edit", "doctype": "Customer", "name": "x", "typo": 1}, "ValidationError"),
        ({"do": "edit", "doctype": "Customer", "name": "nobody"}, "KeyError"),
        ({"do": "delete", "doctype": "Nope", "name": "x"}, "KeyError"),
        ({"do": "edit", "doctype": "Sales Invoice Item", "name": "x"}, "TypeError"),
        ({"do": "insert", "doctype": "Customer", "document": {"name": "RAJU DAS"}}, "ValueError"),
        ({"do": "swap", "dataset": "/nowhere"}, "FileNotFoundError"),
        ({"do": "swap"}, "ValueError"),
    ],
)
async def test_a_command_that_can_not_be_carried_out_is_an_error(guest, command, error):
    answer = await guest.post("/_control", json=command)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(error)


async def test_several_commands_are_carried_out_in_turn(guest):
    commands = [{"do": "delete", "doctype": "Customer", "name": "Raju Das"}, {"do": "stats"}]
    answer = await guest.post("/_control", json=commands)
    assert answer.json()["results"][0] is None
    listed = await guest.get("/api/resource/Customer", headers={"Authorization": TOKEN})
    assert len(listed.json()["data"]) == 6


def test_the_dataset_stays_as_it_was(dataset):
    site = SampleSite(dataset)
    values = {"territory": "x"}
    order(site, "edit", doctype="Customer", name="Raju Das", values=values, modified="now")
    changed = {"INV-1-items-1": {"qty": 0}}
    order(site, "edit", doctype="Sales Invoice", name="INV-1", child_values=changed, modified="now")
    order(site, "rename", doctype="Customer", name="100% Organic", new_name="y")
    order(site, "delete", doctype="Customer", name="y")
    assert dataset == make_dataset()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "touch", "date", "delete", "rename"]),
        st.integers(0, 9),
        st.sampled_from(["a", "B", "c-1", "c_1", "É", "zz"]),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=40, deadline=None)
async def test_the_index_keeps_up_with_every_change(steps):
    site = SampleSite(make_dataset())
    table = site.control.store.document_table("Customer")
    list(table.index("modified").names(_everything(), descending=False))
    for step, place, name in steps:
        names = [row["name"] for row in table.documents()] or ["none"]
        chosen = names[place % len(names)]
        commands = {
            "insert": {"do": "insert", "document": {"name": name}},
            "touch": {"do": "edit", "name": chosen, "modified": "now"},
            "date": {"do": "edit", "name": chosen, "modified": "2026-03-02 00:00:00"},
            "delete": {"do": "delete", "name": chosen},
            "rename": {"do": "rename", "name": chosen, "new_name": name},
        }
        command = {**commands[step], "doctype": "Customer"}
        status, answer = site.command(json.dumps(command).encode())
        assert status == 200 or "is there already" in answer["error"] or chosen == "none"
    indexed = list(table.index("modified").names(_everything(), descending=False))
    expected = sorted((row["modified"], text_key(row["name"])) for row in table.documents())
    assert indexed == [name for _, name in expected]


def _everything():
    return Span()
