"""`csa user`: accounts, links, passwords, tokens; nothing secret but where it is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from demo.site.auth import SERVICE_USER

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from tests.commanding import Csa, Finished

PASSWORD = "a password for the portal"


def set_password(csa: Csa, name: str, password: str) -> Finished:
    """Run `csa user password` with the password on stdin."""
    return csa.run("user", "password", name, stdin=f"{password}\n")


def account(csa: Csa, name: str) -> dict[str, object]:
    accounts = csa.run("user", "list", "--json").json["accounts"]
    return next(one for one in accounts if one["name"] == name)


async def test_an_account_goes_its_way_from_the_command_line(csa: Csa, database: AsyncDatabase):
    assert csa.run("user", "add", "Asha", "--operator").code == 0
    assert set_password(csa, "asha", PASSWORD).code == 0
    assert csa.run("user", "link", "asha", "site", SERVICE_USER).code == 0
    made = csa.run("user", "token", "asha", "--title", "script", "--days", "3")
    assert re.fullmatch(r"csa_[A-Za-z0-9_-]{43}\n", made.stdout)
    told = account(csa, "Asha")
    assert told["is_operator"]
    assert told["has_password"]
    assert [link["erp_user"] for link in told["links"]] == [SERVICE_USER]
    link = await database["portal_links"].find_one({})
    assert link["proof"] == "administrator"
    assert csa.run("user", "unlink", "asha", "site").code == 0
    assert csa.run("user", "disable", "asha").code == 0
    told = account(csa, "Asha")
    assert told["is_disabled"]
    assert told["links"] == []
    assert await database["portal_tokens"].count_documents({}) == 0
    assert csa.run("user", "enable", "asha").code == 0
    assert not account(csa, "Asha")["is_disabled"]
    kept = str([await database[name].find().to_list() for name in ("portal_accounts", "audit")])
    assert PASSWORD not in kept
    entries = csa.run("user", "audit", "--json").json["entries"]
    assert [one["event"] for one in reversed(entries)] == [
        *("account_added", "password_changed", "linked", "token_made"),
        *("unlinked", "account_disabled", "account_enabled"),
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("password", "nobody"), "no account nobody"),
        (("token", "nobody"), "no account nobody"),
        (("disable", "nobody"), "no account nobody"),
        (("audit", "nobody"), "no account nobody"),
        (("add", "ravi"), "an account ravi already"),
        (("add", "a/b"), "letters, digits"),
        (("link", "ravi", "site", "Administrator"), "nobody's own user"),
        (("link", "ravi", "site", "no-such-user"), "no enabled System User"),
        (("link", "ravi", "elsewhere", SERVICE_USER), "no ERPNext instance"),
        (("unlink", "ravi", "site"), "no link to site"),
    ],
)
def test_what_can_not_be_done_is_told(csa: Csa, arguments: tuple[str, ...], complaint: str):
    csa.run("user", "add", "ravi")
    done = csa.run("user", *arguments, stdin=f"{PASSWORD}\n")
    assert done.code == 1
    assert complaint in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("unfit", ["", "short"])
def test_a_password_that_is_too_short_is_refused_and_not_shown(csa: Csa, unfit: str):
    csa.run("user", "add", "ravi")
    done = set_password(csa, "ravi", unfit)
    assert done.code == 1
    assert "12 to 256 characters" in done.stderr


def test_no_command_takes_a_password_as_an_argument(csa: Csa):
    assert csa.run("user", "password", "ravi", PASSWORD).code == 2
    assert csa.run("user", "add", "ravi", "--password", PASSWORD).code == 2
