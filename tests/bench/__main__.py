"""`python -m tests.bench`: measure, and print one JSON object of figures on stdout."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.figures import FIGURES
from tests.bench.workbench import FULL, QUICK, Workbench
from warehouse.mongodb import embedded_mongod


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    usual = [name for name, figure in FIGURES.items() if not figure.on_demand]
    parser.add_argument("--only", nargs="+", choices=FIGURES, metavar="NAME", default=usual)
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the bench itself")
    options = parser.parse_args()
    with ExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="csa-bench-"))
        mongodb_uri = exits.enter_context(embedded_mongod(Path(folder)))
        bench = Workbench(mongodb_uri, QUICK if options.quick else FULL, exits)
        results = asyncio.run(measure(bench, options.only))
    json.dump(results, sys.stdout, indent=2)
    sys.stdout.write("\n")


async def measure(bench: Workbench, names: list[str]) -> dict[str, dict[str, object]]:
    results = {}
    for name in names:
        bench.say(name)
        results[name] = await FIGURES[name].measure(bench)
    return results


main()
