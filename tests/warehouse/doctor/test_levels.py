"""The doctor names the DocTypes whose fields a key may not read, and the role that would."""

from typing import Any

import pytest

from tests.warehouse.doctor.fake_frappe import USER, FakeFrappe, make_rule
from tests.warehouse.doctor.test_erp import about, examine
from warehouse.doctor.findings import Finding, Status

LINK = {"fieldname": "territory", "fieldtype": "Link", "options": "Territory"}
TABLE = {"parent": "Sales Invoice", "fieldname": "items", "fieldtype": "Table", "options": "Line"}


async def find(version: str = "15.44.2", rules: tuple[Any, ...] = (), **rows: Any) -> list[Finding]:
    site = FakeFrappe(versions={"frappe": version})
    site.rows["DocPerm"] += rules
    site.rows |= {name.replace("_", " "): found for name, found in rows.items()}
    return about(await examine(site), "permlevels")


@pytest.mark.parametrize(
    "rows",
    [
        {"DocField": [LINK | {"parent": "Customer", "permlevel": 1}]},
        {"Custom_Field": [LINK | {"dt": "Customer", "permlevel": 1}]},
        {
            "Property_Setter": [
                {"doc_type": "Customer", "field_name": "x", "property": "permlevel", "value": "1"}
            ]
        },
    ],
)
async def test_a_field_above_what_the_key_reads_names_the_role_that_does(rows: dict[str, Any]):
    reading = make_rule("Customer", "Sales Master Manager", permlevel=1)
    (finding,) = await find(rules=(reading,), **rows)
    assert finding.status is Status.WARNING
    assert f"Customer (level 1) for {USER}" in finding.message
    assert "Sales Master Manager" in finding.cure
    own = make_rule("Customer", "Integration", permlevel=1)
    (finding,) = await find(rules=(reading, own), **rows)
    assert finding.status is Status.OK


async def test_a_level_that_no_role_reads_wants_a_rule():
    (finding,) = await find(DocField=[LINK | {"parent": "Customer", "permlevel": 3}])
    assert "Customer (level 3)" in finding.message
    assert "add a rule" in finding.cure


async def test_the_fields_of_a_child_table_go_by_its_parent():
    fields = [TABLE, LINK | {"parent": "Line", "permlevel": 1}]
    (finding,) = await find(DocField=fields)
    assert "Sales Invoice (level 1)" in finding.message
    own = make_rule("Sales Invoice", "Integration", permlevel=1)
    assert [each.status for each in await find(rules=(own,), DocField=fields)] == [Status.OK]


async def test_what_version_16_masks_needs_the_right_to_see_it():
    fields = [LINK | {"parent": "Customer", "mask": 1}]
    (finding,) = await find("16.0.0", DocField=fields)
    assert "Customer (level 0, masked)" in finding.message
    own = make_rule("Customer", "Integration", mask=1)
    assert [each.status for each in await find("16.0.0", (own,), DocField=fields)] == [Status.OK]
    assert [each.status for each in await find("15.44.2", DocField=fields)] == [Status.OK]
