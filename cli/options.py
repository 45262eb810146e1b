"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from warehouse.settings import ErpInstance, Settings

from warehouse.errors import ConfigurationError

Instances = Annotated[
    list[str] | None, typer.Argument(metavar="[INSTANCE]…", help="Instances; default: all.")
]
DocTypes = Annotated[
    list[str] | None, typer.Option("--doctype", metavar="D", help="Only this DocType; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def select_instances(settings: Settings, names: list[str] | None) -> list[ErpInstance]:
    """Return the instances that a command line names, or all.

    Raises:
        ConfigurationError: if a name is unknown, or there are none at all.
    """
    if not settings.instances:
        raise ConfigurationError(
            "No ERPNext instance is configured.",
            cure="Set ERP__<ID>__URL, ERP__<ID>__API_KEY and ERP__<ID>__API_SECRET.",
        )
    return [settings.instance(name) for name in names or settings.instances]
