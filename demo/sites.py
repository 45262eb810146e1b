"""The sample sites of the demo: two made-up companies, each an ERPNext of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from demo.site.process import SiteProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUST_GROUP = "demo"
# Instance id → documents and seed of its books: the same every time, so that a second demo finds
# in the store what it serves.
SITES = {"kisanmitra": (9_000, 1), "sahaja": (6_000, 2)}


@contextmanager
def sample_sites() -> Iterator[dict[str, SiteProcess]]:
    """Run the sample sites while the block runs, started side by side."""
    sites = {
        instance: SiteProcess(documents=documents, seed=seed, password=f"{instance}-password")
        for instance, (documents, seed) in SITES.items()
    }
    with ExitStack() as running, ThreadPoolExecutor(len(sites)) as pool:
        # Whoever ends the start meanwhile waits for the pool, so that each is ended that has begun.
        starts = [pool.submit(running.enter_context, site) for site in sites.values()]
        for start in starts:
            start.result()
        yield sites


def settings_variables(sites: dict[str, SiteProcess]) -> dict[str, str]:
    """Return the environment variables that point the warehouse at the sample sites."""
    variables = {}
    for instance, site in sites.items():
        prefix = f"ERP__{instance.upper()}__"
        variables[f"{prefix}URL"] = site.url
        variables[f"{prefix}API_KEY"] = site.key
        variables[f"{prefix}API_SECRET"] = site.secret
        variables[f"{prefix}TITLE"] = site.announcement.split('"')[1]
        variables[f"{prefix}TRUST_GROUP"] = TRUST_GROUP
    return variables
