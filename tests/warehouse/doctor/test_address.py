import httpx
import pytest

from tests.warehouse.doctor.fake_frappe import FakeFrappe, make_instance, message, page, refusal
from warehouse.doctor.address import check_address
from warehouse.doctor.findings import Status


async def ask(answer):
    site = FakeFrappe(answers={"ping": lambda: answer})
    return await check_address(make_instance(), site.transport)


async def test_a_frappe_site_is_well_and_was_not_shown_the_key():
    site = FakeFrappe()
    finding = await check_address(make_instance(), site.transport)
    assert finding.status is Status.OK
    assert site.keyless == ["ping"]


@pytest.mark.parametrize("status", [200, 404, 502])
async def test_a_page_is_not_frappe(status: int):
    finding = await ask(page(status))
    assert finding.status is Status.ERROR
    assert finding.cure


async def test_json_of_something_else_is_not_frappe():
    finding = await ask(message("hello"))
    assert finding.status is Status.ERROR
    assert "not as Frappe does" in finding.message
    assert "ERP__KISANMITRA__URL" in finding.cure


async def test_a_redirect_says_which_address_to_set():
    location = "https://www.example.com/api/method/ping"
    finding = await ask(httpx.Response(301, headers={"location": location}))
    assert finding.status is Status.ERROR
    assert finding.cure == "Set ERP__KISANMITRA__URL=https://www.example.com."


async def test_a_redirect_to_a_login_page_shows_no_more_than_its_host():
    location = "https://user:pass@login.example.com/sso?state=secret"
    finding = await ask(httpx.Response(302, headers={"location": location}))
    assert "https://login.example.com." in finding.message
    assert "secret" not in str(finding)
    assert "pass" not in str(finding)


async def test_a_login_before_the_site_is_not_blamed_on_the_key():
    finding = await ask(page(401))
    assert finding.status is Status.ERROR
    assert "before ERPNext" in finding.message


async def test_maintenance_is_told_as_such():
    finding = await ask(refusal(503, "SessionStopped"))
    assert finding.status is Status.ERROR
    assert "maintenance" in finding.message


@pytest.mark.parametrize(
    ("reason", "cure"),
    [("Name or service not known", "DNS"), ("CERTIFICATE_VERIFY_FAILED", "certificate")],
)
async def test_a_site_that_does_not_answer_is_an_error_with_the_reason(reason: str, cure: str):
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(reason, request=request)

    finding = await check_address(make_instance(), httpx.MockTransport(fail))
    assert finding.status is Status.ERROR
    assert reason in finding.message
    assert cure in finding.cure
