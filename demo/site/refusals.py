"""Every error that the site answers, with the status and the exc_type of a real Frappe.

A client may rely on these two only; texts and tracebacks are there because a real site sends them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_TRACEBACK = json.dumps(["Traceback (most recent call last): …"])


@dataclass(slots=True)
class Refusal(Exception):
    """An error answer.

    `exception`: the text beside the traceback; None for errors that Frappe shows without one.
    `message`: what goes into `_server_messages`. `reply`: what stands under `message` itself.
    """

    status: int
    exc_type: str
    exception: str | None = None
    message: str | None = None
    error_message: str | None = None
    title: str = "Message"
    raised: bool = True
    session_expired: bool = False
    reply: str | None = None

    def body(self, version: int) -> bytes:
        """Give the JSON body as API version 1 or 2 shapes it."""
        shape = self._second_shape() if version == 2 else self._first_shape()  # noqa: PLR2004
        return json.dumps(shape).encode()

    def html(self) -> bytes:
        """Give the page that a browser gets for the same error."""
        title = "Not Permitted" if self.status == 403 else self.exc_type  # noqa: PLR2004
        return (
            "<!DOCTYPE html>\n<!-- Sample ERPNext site -->\n"
            f'<html lang="en">\n<head>\n\t<meta charset="utf-8">\n\t<title>{title}</title>\n</head>'
            f"\n<body>\n\t<h1>{title}</h1>\n\t<p>{self.message or ''}</p>\n</body>\n</html>\n"
        ).encode()

    def _shown_message(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"message": self.message, "title": self.title}
        if self.raised:
            shown |= {"indicator": "red", "raise_exception": 1, "__frappe_exc_id": "0" * 56}
        return shown

    def _first_shape(self) -> dict[str, Any]:
        shape: dict[str, Any] = {"session_expired": 1} if self.session_expired else {}
        if self.reply is not None:
            shape["message"] = self.reply
        if self.exception is not None:
            shape["exception"] = self.exception
        shape["exc_type"] = self.exc_type
        if self.exception is not None:
            shape["exc"] = _TRACEBACK
        if self.message is not None:
            shape["_server_messages"] = json.dumps([json.dumps(self._shown_message())])
        if self.error_message is not None:
            shape["_error_message"] = self.error_message
        return shape

    def _second_shape(self) -> dict[str, Any]:
        error: dict[str, Any] = {"type": self.exc_type}
        if self.exception is not None:
            error["exception"] = self.exception
        if self.message is not None:
            error |= {"message": self.message, "title": self.title}
            if self.raised:
                error["indicator"] = "red"
        return {"errors": [error]}


def _thrown(status: int, exc_type: str, message: str) -> Refusal:
    return Refusal(status, exc_type, f"frappe.exceptions.{exc_type}: {message}", message)


def wrong_credentials() -> Refusal:
    """401: the key, the secret or the form of the header is wrong."""
    return Refusal(401, "AuthenticationError", "frappe.exceptions.AuthenticationError")


def login_failed(reply: str) -> Refusal:
    """401: no such user, another password, or a disabled user."""
    refusal = wrong_credentials()
    refusal.reply = reply
    return refusal


def login_forbidden(message: str) -> Refusal:
    """401: nobody, or not this user now, may sign in by password."""
    return _thrown(401, "AuthenticationError", message)


def locked(seconds: int) -> Refusal:
    """500: too many failures in a row."""
    text = f"Your account has been locked and will resume after {seconds} seconds"
    return _thrown(500, "SecurityException", text)


def undecodable_token() -> Refusal:
    """400: Basic credentials that are not base64."""
    text = "Failed to decode token, please provide a valid base64-encoded token."
    return _thrown(400, "InvalidAuthorizationToken", text)


def no_doctype_access(user: str, doctype: str) -> Refusal:
    """403: the user may not read this DocType at all."""
    return Refusal(
        403,
        "PermissionError",
        "frappe.exceptions.PermissionError",
        f"User <strong>{user}</strong> does not have doctype access via role permission for "
        f"document <strong>{doctype}</strong>",
        f"No permission for {doctype}",
        raised=False,
    )


def forbidden() -> Refusal:
    """403 without a word: a child list that names no fitting parent."""
    return Refusal(403, "PermissionError", "frappe.exceptions.PermissionError")


def not_for_guests(method: str) -> Refusal:
    """403: the wording blames the method, the cause is that nobody is logged in."""
    text = (
        "<details><summary>You are not permitted to access this resource.</summary>"
        f"Function <strong>{method}</strong> is not whitelisted.</details>"
    )
    refusal = _thrown(403, "PermissionError", text)
    refusal.title = "Method Not Allowed"
    return refusal


def unknown_doctype(doctype: str) -> Refusal:
    """404: a list of a DocType that is not there."""
    return Refusal(404, "DoesNotExistError", message=f"DocType {doctype} not found")


def unknown_document(doctype: str, name: str) -> Refusal:
    """404: no document of this name."""
    return Refusal(404, "DoesNotExistError", message=f"{doctype} {name} not found")


def unknown_path() -> Refusal:
    """404: nothing is served under this path."""
    return Refusal(404, "DoesNotExistError")


def unknown_method(method: str) -> Refusal:
    """417: no such method."""
    package = ".".join(method.split(".")[:2])
    return validation(f"Failed to get method for command {method} with No module named '{package}'")


def unknown_field(fieldname: str) -> Refusal:
    """417: a field that this DocType doesn't have, wherever in the query."""
    return _thrown(417, "DataError", f"Field not permitted in query: {fieldname}")


def validation(message: str) -> Refusal:
    """417: a request that makes no sense."""
    return _thrown(417, "ValidationError", message)


def crashed(exc_type: str, exception: str) -> Refusal:
    """500: Frappe didn't foresee the request."""
    return Refusal(500, exc_type, exception)


def unknown_controller(doctype: str) -> Refusal:
    """500: a single read of a DocType that is not there."""
    module = doctype.lower().replace(" ", "_").replace("-", "_")
    return crashed("ImportError", f"Error: No module named 'frappe.core.doctype.{module}'")


def no_table(doctype: str) -> Refusal:
    """500: a list of a Single, or of a DocType written in another case."""
    return crashed("ProgrammingError", f"pymysql.err.ProgrammingError: ('DocType', '{doctype}')")


def not_json(error: ValueError) -> Refusal:
    """500: a parameter that should hold JSON and doesn't."""
    return crashed("JSONDecodeError", f"json.decoder.JSONDecodeError: {error}")


def throttled() -> Refusal:
    """429: the site's rate limit is used up."""
    return Refusal(429, "TooManyRequestsError", "frappe.exceptions.TooManyRequestsError")


def stopped() -> Refusal:
    """503: maintenance."""
    return Refusal(503, "SessionStopped", "frappe.exceptions.SessionStopped: Session Stopped")
