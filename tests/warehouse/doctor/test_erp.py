"""What is found out about one site, from its key to the last DocType."""

import httpx
import pytest

from tests.warehouse.doctor.fake_frappe import (
    OWN_PERMISSIONS,
    USER,
    FakeFrappe,
    make_instance,
    make_rule,
    page,
    refusal,
)
from warehouse.doctor.erp import Scope, check_erp
from warehouse.doctor.findings import Finding, Status
from warehouse.doctor.reading import FEEDS

STORED = {"Account", "Customer", "GL Entry", "Sales Invoice", "Warehouse", "Farmer"}


async def no_sleep(_: float) -> None:
    pass


async def examine(site: FakeFrappe, *, every_doctype: bool = False, **settings) -> list[Finding]:
    scope = Scope(every_doctype, site.transport, no_sleep)
    return await check_erp(make_instance(**settings), scope)


def about(findings: list[Finding], what: str) -> list[Finding]:
    return [finding for finding in findings if finding.subject == f"kisanmitra {what}"]


def statuses(findings: list[Finding], what: str) -> list[str]:
    return [finding.status.value for finding in about(findings, what)]


async def test_a_site_without_defects_is_well():
    findings = await examine(FakeFrappe())
    assert [finding.subject.removeprefix("kisanmitra ") for finding in findings] == [
        *("url", "key", "time zone", "versions"),
        *("DocTypes", "permission tables", "User Permissions", "access rules"),
        *("permlevels", "apps"),
    ]
    assert {finding.status for finding in findings} == {Status.OK}
    assert USER in about(findings, "key")[0].message


async def test_nothing_is_asked_with_the_key_where_no_frappe_answers():
    site = FakeFrappe(answers={"ping": lambda: page(200)})
    findings = await examine(site)
    assert [finding.status for finding in findings] == [Status.ERROR]
    assert site.asked == []


async def test_a_wrong_key_is_an_error_and_ends_the_examination():
    unauthorized = refusal(401, "AuthenticationError")
    site = FakeFrappe(answers={"frappe.auth.get_logged_user": lambda: unauthorized})
    findings = await examine(site)
    assert [finding.status for finding in findings] == [Status.OK, Status.ERROR]
    assert "API_SECRET" in findings[1].cure
    assert "the-secret" not in str(findings)


@pytest.mark.parametrize("answer", [refusal(403, "PermissionError"), None])
async def test_a_proxy_that_drops_the_key_is_recognized(answer: httpx.Response | None):
    answers = {"frappe.auth.get_logged_user": lambda: answer} if answer else {}
    findings = await examine(FakeFrappe(user="Guest", answers=answers))
    assert statuses(findings, "key") == ["error"]
    assert "Authorization header" in about(findings, "key")[0].cure


async def test_the_key_of_administrator_is_a_warning():
    findings = await examine(FakeFrappe(user="Administrator"))
    assert statuses(findings, "key") == ["warning"]
    assert statuses(findings, "DocTypes") == ["ok"]


@pytest.mark.parametrize(("zone", "status"), [("Asia/Kolkata", "ok"), ("IST/India", "error")])
async def test_a_time_zone_that_is_none_is_an_error(zone: str, status: str):
    findings = await examine(FakeFrappe(time_zone=zone))
    assert statuses(findings, "time zone") == [status]


@pytest.mark.parametrize(
    ("version", "status"),
    [
        *(("12.9.0", "warning"), ("13.58.21", "ok"), ("16.0.0-dev", "ok"), ("17.1.0", "warning")),
        *(("develop", "warning"),),
    ],
)
async def test_versions_other_than_13_to_16_are_warnings(version: str, status: str):
    findings = await examine(FakeFrappe(versions={"frappe": version, "hrms": "15.2.0"}))
    (finding,) = about(findings, "versions")
    assert finding.status == status
    assert f"frappe {version}, hrms 15.2.0" in finding.message


async def test_a_method_that_a_site_refuses_does_not_end_the_examination():
    refused = refusal(417, "ValidationError")
    site = FakeFrappe(answers={"frappe.utils.change_log.get_versions": lambda: refused})
    findings = await examine(site)
    assert statuses(findings, "versions") == ["error"]
    assert statuses(findings, "User Permissions") == ["ok"]


async def test_a_rate_limit_ends_the_examination():
    throttled = refusal(429, "TooManyRequestsError")
    site = FakeFrappe(answers={"frappe.client.get_time_zone": lambda: throttled})
    findings = await examine(site)
    assert (findings[-1].subject, findings[-1].status) == ("kisanmitra", Status.ERROR)
    assert site.asked == []


async def test_a_rate_limit_met_while_asking_for_doctypes_is_one_error():
    throttled = refusal(429, "TooManyRequestsError")
    findings = await examine(FakeFrappe(answers={"frappe.client.get": lambda: throttled}))
    assert findings[-1].status is Status.ERROR
    assert "rate limit" in findings[-1].message
    assert [finding.status for finding in findings].count(Status.ERROR) == 1


async def test_the_important_and_custom_doctypes_are_asked_for():
    site = FakeFrappe()
    await examine(site)
    assert set(site.asked) >= STORED
    assert not {"Mode of Payment", "Version", "Live Board"} & set(site.asked)


async def test_all_asks_for_every_stored_doctype_and_no_other():
    site = FakeFrappe()
    findings = await examine(site, every_doctype=True)
    assert set(site.asked) >= STORED | {"Mode of Payment", "Selling Settings"}
    assert not {"Version", "Live Board"} & set(site.asked)
    assert "reads 9 of 9 DocTypes." in about(findings, "DocTypes")[0].message


async def test_excluded_doctypes_are_not_asked_for():
    site = FakeFrappe(refused={"GL Entry"})
    findings = await examine(site, exclude="GL*")
    assert "GL Entry" not in site.asked
    assert statuses(findings, "DocTypes") == ["ok"]


async def test_denied_doctypes_are_a_warning_for_each_role_to_add():
    rules = [
        *(make_rule(name, "Auditor") for name in ("Account", "GL Entry")),
        *(make_rule(name, "Accounts User", write=1) for name in ("Account", "GL Entry")),
        make_rule("Warehouse", "Stock User"),
        *(make_rule(name, "Integration") for name in ("Customer", "Sales Invoice", "Farmer")),
    ]
    site = FakeFrappe(refused={"Account", "GL Entry", "Warehouse"}, rows={"DocPerm": rules})
    findings = about(await examine(site), "DocTypes")
    assert [finding.status for finding in findings] == ["ok", "warning", "warning"]
    assert "reads 3 of 6" in findings[0].message
    assert "Account, GL Entry." in findings[1].message
    assert "the role Auditor" in findings[1].cure
    assert "Warehouse." in findings[2].message
    assert "the role Stock User" in findings[2].cure


async def test_without_the_sites_rules_the_roles_are_those_of_erpnext():
    site = FakeFrappe(refused={"GL Entry", "Warehouse", "DocPerm"})
    cures = [finding.cure for finding in about(await examine(site), "DocTypes")]
    assert ["Accounts User" in cures[1], "Stock User" in cures[2]] == [True, True]


async def test_a_doctype_that_no_role_reads_has_its_own_cure():
    site = FakeFrappe(refused={"Farmer"}, rows={"DocPerm": [make_rule("Farmer", "Administrator")]})
    site.rows["DocPerm"] += [make_rule(name, "Integration") for name in STORED - {"Farmer"}]
    _, warning = about(await examine(site), "DocTypes")
    assert "ERP__KISANMITRA__EXCLUDE" in warning.cure


async def test_a_doctype_that_shows_a_part_only_is_a_warning_although_it_answers():
    site = FakeFrappe()
    site.rows["Custom DocPerm"] = [
        make_rule("Customer", "Integration", if_owner=1),
        make_rule("Customer", "Sales User"),
        make_rule("Warehouse", "Desk User", read=0, select=1),
        make_rule("Warehouse", "Sales User"),
    ]
    findings = about(await examine(site), "DocTypes")
    assert "reads 4 of 6" in findings[0].message
    assert "Customer (own documents only), Warehouse (names only)" in findings[1].message
    assert "the role Sales User" in findings[1].cure


async def test_a_site_that_hides_the_roles_of_the_key_raises_no_false_alarm():
    findings = await examine(FakeFrappe(rows={"Has Role": []}))
    assert statuses(findings, "DocTypes") == ["ok"]


async def test_a_doctype_that_fails_is_told_apart_from_a_denied_one():
    broken = refusal(500, "ProgrammingError")
    site = FakeFrappe(answers={"frappe.client.get": lambda: broken})
    finding = about(await examine(site, every_doctype=True), "DocTypes")[-1]
    assert finding.status is Status.WARNING
    assert "1 can't be read: Selling Settings." in finding.message
    assert "ProgrammingError" in finding.message


async def test_a_key_that_can_not_list_doctypes_can_not_be_used():
    findings = await examine(FakeFrappe(refused={"DocType"}))
    (finding,) = about(findings, "DocTypes")
    assert finding.status is Status.ERROR
    assert "System Manager" in finding.cure
    assert findings[-1] is finding


async def test_unreadable_permission_tables_name_the_role_to_add():
    site = FakeFrappe(refused={"DocShare", "Has Role", "System Settings", "Server Script"})
    findings = about(await examine(site), "permission tables")
    assert {finding.status for finding in findings} == {Status.ERROR}
    by_role = {finding.cure.split("the role ")[1].split(" in ")[0]: finding for finding in findings}
    assert by_role.keys() == {"System Manager", "Script Manager"}
    assert (
        "DocShare, Has Role, System Settings; who may see what" in by_role["System Manager"].message
    )
    assert "Server Script;" in by_role["Script Manager"].message


@pytest.mark.parametrize("refused", [{"Deleted Document"}, {"Comment"}, {*FEEDS}])
async def test_unreadable_feeds_are_a_warning(refused: set[str]):
    findings = about(await examine(FakeFrappe(refused=refused)), "permission tables")
    assert [finding.status for finding in findings] == ["warning"]
    assert all(feed in findings[0].message for feed in refused)
    assert "found by inventory alone" in findings[0].message


async def test_a_feed_of_which_the_key_sees_its_own_rows_is_a_warning():
    own = make_rule("Comment", "Integration", if_owner=1)
    findings = await examine(FakeFrappe(rows={"Custom DocPerm": [own]}))
    (finding,) = about(findings, "feeds")
    assert (finding.status, "renames are found" in finding.message) == (Status.WARNING, True)


async def test_unreadable_custom_fields_are_an_error():
    findings = about(await examine(FakeFrappe(refused={"Custom Field"})), "permission tables")
    assert [finding.status for finding in findings] == ["error"]
    assert "nothing can be ingested" in findings[0].message


async def test_user_permissions_of_the_keys_user_are_an_error():
    rows = [
        *({"user": USER, "allow": "Company"}, {"user": USER, "allow": "Territory"}),
        *({"user": USER, "allow": "Territory"}, {"user": "other@csa.example", "allow": "Item"}),
    ]
    findings = await examine(FakeFrappe(rows={"User Permission": rows}))
    (finding,) = about(findings, "User Permissions")
    assert finding.status is Status.ERROR
    assert "Company (1), Territory (2)." in finding.message
    assert "Remove them" in finding.cure


async def test_user_permissions_of_others_do_no_harm():
    rows = [{"user": "other@csa.example", "allow": "Item"}]
    findings = await examine(FakeFrappe(rows={"User Permission": rows}))
    assert statuses(findings, "User Permissions") == ["ok"]


async def test_user_permissions_that_no_list_shows_are_found():
    rows = [{"user": USER, "allow": "DocType"}]
    site = FakeFrappe(rows={"User Permission": rows}, refused={"User Permission"})
    findings = await examine(site)
    (finding,) = about(findings, "User Permissions")
    assert (finding.status, "DocType (1)." in finding.message) == (Status.ERROR, True)


@pytest.mark.parametrize("answer", [refusal(403, "PermissionError"), page(403)])
async def test_user_permissions_that_can_not_be_seen_are_a_warning(answer: httpx.Response):
    findings = await examine(FakeFrappe(answers={OWN_PERMISSIONS: lambda: answer}))
    (finding,) = about(findings, "User Permissions")
    assert (finding.status, "nothing that is missing" in finding.message) == (Status.WARNING, True)


async def test_the_keys_user_is_in_no_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", logger="warehouse")
    unavailable = refusal(500, "OperationalError")
    await examine(FakeFrappe(answers={"frappe.client.get_time_zone": lambda: unavailable}))
    assert caplog.messages
    assert not any(USER in line or "the-secret" in line for line in caplog.messages)


async def test_a_permission_table_that_is_shown_in_part_names_the_role_to_add():
    own = make_rule("User Permission", "Integration", if_owner=1)
    rules = [make_rule("Server Script", "Script Manager"), own]
    findings = await examine(FakeFrappe(rows={"Custom DocPerm": rules}))
    (finding,) = about(findings, "access rules")
    assert finding.status is Status.ERROR
    assert "Server Script, User Permission" in finding.message
    assert "System Manager and Script Manager" in finding.cure


async def test_apps_whose_hooks_nobody_knows_are_named():
    findings = await examine(FakeFrappe(versions={"frappe": "15.44.2", "grower_app": "0.1"}))
    (finding,) = about(findings, "apps")
    assert finding.status is Status.WARNING
    assert "grower_app" in finding.message
    assert "csa access attest kisanmitra" in finding.cure
