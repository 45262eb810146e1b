"""Is there room for the embedded MongoDB?"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from warehouse.doctor.findings import Finding, error, warning, well

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SUBJECT = "disk"
SCARCE_GB = 2.0
_GB = 1e9


def measure_free_bytes(path: Path) -> int:
    """Return the free bytes on the disk where `path` is, or will be made."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(existing).free


def check_disk(
    data_dir: Path, measure: Callable[[Path], int] = measure_free_bytes
) -> list[Finding]:
    """Return what is to be said of the disk of CSA_DATA_DIR."""
    path = data_dir.absolute()
    cure = "Free some space, or set CSA_DATA_DIR to a folder on another disk."
    try:
        free_gb = measure(path) / _GB
    except OSError as failure:
        message = f"The free space of {path} can't be measured: {failure.strerror}."
        return [error(SUBJECT, message, cure)]
    message = f"{free_gb:.1f} GB are free for CSA_DATA_DIR ({path})."
    return [warning(SUBJECT, message, cure) if free_gb < SCARCE_GB else well(SUBJECT, message)]
