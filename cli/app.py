"""The commands of `csa`, one module each."""

from __future__ import annotations

import typer

from cli import (
    access,
    check,
    demo,
    flows,
    forget,
    ingest,
    reconcile,
    rejected,
    serve,
    status,
    transform,
    user,
    verify,
)

app = typer.Typer(
    name="csa",
    help="Every document of every ERPNext instance in one MongoDB.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("ingest")(ingest.ingest)
app.command("reconcile")(reconcile.reconcile)
app.command("verify")(verify.verify)
app.command("forget")(forget.forget)
app.command("serve")(serve.serve)
app.command("flows")(flows.flows)
app.command("transform")(transform.transform)
app.command("status")(status.status)
app.add_typer(rejected.app, name="rejected")
app.add_typer(access.app, name="access")
app.add_typer(user.app, name="user")
