"""What `POST /_control` takes: one JSON object, or a list of them, told apart by `do`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class _Command(Struct, tag_field="do", forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Common to all: an unknown key is an error."""


class Edit(_Command, tag="edit", frozen=True):
    """Change a document.

    `values` replaces fields, child tables as whole arrays; `child_values` changes fields of single
    child rows by row name. `modified`: null leaves it as it is, "now" stamps the document and its
    children as a save does, anything else is set as given.
    """

    doctype: str
    name: str | int
    values: dict[str, Any] = {}
    child_values: dict[str, dict[str, Any]] = {}
    modified: str | None = None


class Insert(_Command, tag="insert", frozen=True):
    """Insert a document; columns that are left out are null, standard ones are filled in."""

    doctype: str
    document: dict[str, Any]


class Delete(_Command, tag="delete", frozen=True):
    """Delete a document, with its Deleted Document row or without a trace.

    `keep_children` leaves its child rows behind, as SQL does.
    """

    doctype: str
    name: str | int
    trace: bool = True
    keep_children: bool = False


class Rename(_Command, tag="rename", frozen=True):
    """Rename a document as rename_doc does, links to it included; no `modified` changes."""

    doctype: str
    name: str | int
    new_name: str | int
    comment: bool = True


class Describe(_Command, tag="describe", frozen=True):
    """Change what is known of a DocType: its meta, and values of its row in the DocType list."""

    doctype: str
    meta: dict[str, Any] | None = None
    values: dict[str, Any] = {}


class Refuse(_Command, tag="refuse", frozen=True):
    """Refuse a DocType to the service user, or serve it again."""

    doctype: str
    refused: bool = True


class SetTimeZone(_Command, tag="time_zone", frozen=True):
    """Set the site's time zone; stored moments stay as they are."""

    time_zone: str


class SetVersions(_Command, tag="versions", frozen=True):
    """Set the versions of the site's apps."""

    versions: dict[str, str]


class Swap(_Command, tag="swap", frozen=True):
    """Put another dataset in the place of the whole site: a folder, or generated books."""

    dataset: str | None = None
    documents: int | None = None
    seed: int = 1
    mix: str = "ordinary"


Change = Edit | Insert | Delete | Rename | Describe | Refuse | SetTimeZone | SetVersions | Swap
Action = Literal[
    "status", "delay", "edit", "cut", "html", "garbage", "throttle", "maintenance", "unauthorized",
    "empty", "keyless", "blank", "truncate", "headers",
]  # fmt: skip


class Match(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Which requests a rule is for: those that fit all that is given.

    `kind`: list, read, meta, count, method, unknown. `doctype` and `parent` also of methods.
    `contains` is looked for in the decoded query string and the body.
    """

    method: str | None = None
    path_regex: str | None = None
    kind: str | None = None
    doctype: str | None = None
    parent: str | None = None
    contains: str | None = None


class FaultRule(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What goes wrong, for which requests, how often (`times` null: always) and after how many.

    status: `status`, `exc_type`, `message`, `retry_after`. delay: `seconds`, then all is well.
    edit: `changes` are made before the request is answered. cut: the connection closes after
    `sent_bytes` of the body (default half). html: a proxy's page with `status` and `message`.
    garbage: `body` (default half of the right one) with 200. throttle: 429, with `retry_after`.
    maintenance: 503. unauthorized: 401. empty: no rows. keyless: `{}`. blank: no body at all.
    truncate: only the first `rows` rows. headers: the right answer with `headers` added.
    """

    action: Action
    match: Match = Match()
    times: int | None = 1
    skip: int = 0
    status: int = 502
    exc_type: str = "OperationalError"
    message: str | None = None
    seconds: float = 0.0
    retry_after: int | str | None = None
    sent_bytes: int | None = None
    body: str | None = None
    rows: int = 0
    headers: dict[str, str] = {}
    changes: list[Change] = []


class Faults(_Command, tag="faults", frozen=True):
    """Add rules; the first that replaces the answer wins."""

    rules: list[FaultRule]


class ClearFaults(_Command, tag="clear_faults", frozen=True):
    """Drop all rules."""


class Stats(_Command, tag="stats", frozen=True):
    """Give the requests counted since the start or the last reset."""

    reset: bool = False


class SetPassword(_Command, tag="password", frozen=True):
    """Reset a user's password; `expired`: they must change it before they can sign in."""

    user: str
    password: str
    expired: bool = False


class Sessions(_Command, tag="sessions", frozen=True):
    """Give the number of sessions that nobody has ended."""


Command = Change | Faults | ClearFaults | Stats | SetPassword | Sessions
