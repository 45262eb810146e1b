"""Who is disabled in ERPNext is out with the next snapshot, sessions, tokens and sign-in alike."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.api.doors import B_PASSWORD, DATABASE, PORTAL_PASSWORD, SESSION, ask, open_links
from tests.commanding import Csa

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.doors import Doors

LEAVING = "field@ragijonna.example"
WITHIN_S = 4.0


def test_a_user_who_is_disabled_in_erpnext_loses_the_instance(doors: Doors, tmp_path: Path):
    csa = Csa(tmp_path, doors.api.mongodb_uri, DATABASE, doors.api.variables)
    token = doors.api.put_account("leaving", password=PORTAL_PASSWORD, links={"b": LEAVING})
    script, browser = doors.script(token), doors.sign_in("leaving")
    assert open_links(script) == open_links(browser) == {"b"}

    def set_enabled(value: int) -> None:
        values = {"enabled": value}
        doors.b.control.do("edit", doctype="User", name=LEAVING, values=values, modified="now")
        assert csa.run("access", "refresh", "b").code == 0
        time.sleep(WITHIN_S)

    set_enabled(0)
    try:
        assert open_links(script) == open_links(browser) == set()
        assert browser.get(SESSION).json()["links"][0]["state"] == "user_disabled"
        documents = "/api/v1/instances/b/doctypes/Customer/documents"
        assert script.get(documents).status_code == 404
        assert ask(doors.browser(), LEAVING, B_PASSWORD, "b").status_code == 401
    finally:
        set_enabled(1)
    assert open_links(script) == {"b"}
