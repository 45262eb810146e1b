"""`csa`, and `python -m cli`: run a command; tell its error with the cure, not with a traceback."""

from __future__ import annotations

import sys

from cli.app import app
from cli.terminal import print_error
from warehouse.errors import WarehouseError

FAILED = 1


def main() -> None:
    """Run the command line."""
    try:
        app()
    except WarehouseError as error:
        print_error(error)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
