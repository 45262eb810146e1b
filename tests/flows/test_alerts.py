"""Who is told, through Prefect's own blocks, with everything of theirs but the vendors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.events import get_events_client
from prefect.events.schemas.events import Event, Resource
from prefect.settings import PREFECT_API_URL, temporary_settings

from demo.processes import HOST
from flows.alerts import apply
from flows.events import STALE, resource_of
from tests.flows.webhook import add_block

if TYPE_CHECKING:
    from demo.prefect_server import PrefectServer
    from tests.flows.vendors import Vendors

SLACK, SENDGRID = "hooks.slack.com", "api.sendgrid.com"
TEAMS = "prod-00.centralindia.logic.azure.com"
WORKFLOW = "workflows/0123456789abcdef/triggers/manual/paths/invoke"
SIGNED = "api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=c2lnbmF0dXJl"
SAID = "north was last brought fully up to date 40 hours ago."
SUBJECT = "CSA Data Warehouse: north"
RUNBOOK = "docs/runbooks/stale-store.md"


def _blocks(mail_port: int) -> list[tuple[str, str, dict[str, Any]]]:
    addresses = "mode=starttls&from=csa@example.com&to=operators@example.com"
    return [
        ("slack-webhook", "slack", {"url": f"https://{SLACK}/services/T00000000/B00000000/xyz"}),
        ("ms-teams-webhook", "teams", {"url": f"https://{TEAMS}:443/{WORKFLOW}?{SIGNED}"}),
        (
            "sendgrid-email",
            "sendgrid",
            {
                "api_key": "SG.invented",
                "sender_email": "csa@example.com",
                "to_emails": ["operators@example.com"],
            },
        ),
        (
            "slack-webhook",
            "mail",
            {"url": f"mailtos://csa:invented@{HOST}:{mail_port}?{addresses}"},
        ),
    ]


async def test_slack_teams_sendgrid_and_a_mail_server_are_all_told(
    server: PrefectServer, vendors: Vendors
):
    server.wait_until_up()
    made = [add_block(server, *block) for block in _blocks(vendors.mail_port)]
    with temporary_settings({PREFECT_API_URL: f"{server.url}/api"}):
        await apply(made)
        async with get_events_client() as client:
            payload = {"instance": "north", "said": SAID, "runbook": "stale-store"}
            about = Resource({"prefect.resource.id": resource_of("north")})
            await client.emit(Event(event=STALE, resource=about, payload=payload))
    for host in (SLACK, TEAMS, SENDGRID):
        told = vendors.wait_for_post(host)
        assert SUBJECT in told
        assert SAID in told
        assert RUNBOOK in told
    sender, mail = vendors.wait_for_mail()
    assert (sender, mail["To"], mail["Subject"]) == ("csa", "operators@example.com", SUBJECT)
    assert SAID in mail.get_body().get_content()
    asked = {host for host, _ in vendors.posted}
    assert asked == {SLACK, TEAMS, SENDGRID}, "the server speaks to nobody else"
