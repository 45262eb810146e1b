"""Slack, Teams, SendGrid and a mail server, as far as a Prefect server can tell.

Prefect's blocks know the vendors' addresses, so the server's way to them is what is changed: its
HTTPS proxy answers for every host, with certificates that it is told to trust.
"""

from __future__ import annotations

import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from demo.processes import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, LoginPassword, Session

LIMIT_S = 60.0


@dataclass
class Vendors:
    """What the Prefect server has sent, and the variables that let it send it here."""

    proxy_url: str
    mail_port: int
    certificate: Path
    posted: list[tuple[str, str]] = field(default_factory=list)
    mailed: list[tuple[str, EmailMessage]] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        trusted = str(self.certificate)
        return {
            "https_proxy": self.proxy_url,
            "REQUESTS_CA_BUNDLE": trusted,
            "SSL_CERT_FILE": trusted,
        }

    def wait_for_post(self, host: str) -> str:
        """Return the body of the first request to a host."""
        give_up_at = time.monotonic() + LIMIT_S
        while time.monotonic() < give_up_at:
            for asked, body in self.posted:
                if asked == host:
                    return body
            time.sleep(0.2)
        raise AssertionError(f"nothing was sent to {host}")

    def wait_for_mail(self) -> tuple[str, EmailMessage]:
        """Return who signed in to send the first mail, and the mail."""
        give_up_at = time.monotonic() + LIMIT_S
        while not self.mailed:
            assert time.monotonic() < give_up_at, "no mail was sent"
            time.sleep(0.2)
        return self.mailed[0]


@contextmanager
def vendors_listening(folder: Path) -> Iterator[Vendors]:
    """Stand in for all of them on loopback."""
    authority = trustme.CA()
    certificate = folder / "authority.pem"
    authority.cert_pem.write_to_path(certificate)
    with ThreadingHTTPServer((HOST, 0), Proxy) as proxy:
        proxy_url = f"http://{HOST}:{proxy.server_port}"
        vendors = Vendors(proxy_url, free_port(), certificate)
        proxy.vendors, proxy.authority = vendors, authority
        thread = Thread(target=proxy.serve_forever)
        thread.start()
        mail = Controller(
            MailBox(vendors),
            hostname=HOST,
            port=vendors.mail_port,
            tls_context=_certify(authority, HOST),
            require_starttls=True,
            auth_required=True,
            authenticator=_sign_in,
        )
        mail.start()
        yield vendors
        mail.stop()
        proxy.shutdown()
        thread.join()


class Proxy(BaseHTTPRequestHandler):
    """Opens a tunnel to any host, and answers at its other end itself."""

    def do_CONNECT(self) -> None:
        self.host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        context = _certify(self.server.authority, self.host)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.vendors.posted.append((self.host, body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def finish(self) -> None:
        """Close the tunnel, which the server doesn't know of."""
        super().finish()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class MailBox:
    """Keeps the mails that whoever signed in sends."""

    def __init__(self, vendors: Vendors) -> None:
        self.vendors = vendors

    async def handle_DATA(  # noqa: N802 aiosmtpd's name
        self, _: SMTP, session: Session, envelope: Envelope
    ) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.vendors.mailed.append((session.auth_data.login.decode(), mail))
        return "250 OK"


def _sign_in(_: SMTP, __: Session, ___: Envelope, mechanism: str, given: LoginPassword):
    return AuthResult(success=mechanism in {"PLAIN", "LOGIN"}, auth_data=given)


def _certify(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    return context
