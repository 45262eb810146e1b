"""Why a mongod did not start, told from its exit, its output and its log; why one was lost."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import MongoUnavailable
from warehouse.mongodb.binary import USE_ANOTHER

ADDRESS_IN_USE_EXIT = 48
_INCOMPATIBLE_DATA_EXIT = 62
_ILLEGAL_INSTRUCTION_EXITS = (-4, 132)
_LINES_SHOWN = 5
_LINE_LENGTH = 300
_LEAST_FREE_BYTES = 1 << 20
_PACKAGES = {"libcurl": "libcurl4", "libssl": "libssl3", "libcrypto": "libssl3"}


@dataclass(frozen=True)
class StartAttempt:
    """What a mongod left behind that was started."""

    mongod: Path
    folder: Path
    exit_code: int
    output: str
    log: str

    def mentions(self, pattern: str) -> bool:
        """Tell whether its output or a complaint of its log matches `pattern`."""
        return bool(re.search(pattern, f"{self.output}\n{_complaints(self.log)}", re.IGNORECASE))


def explain_failed_start(attempt: StartAttempt) -> MongoUnavailable:
    """Return the error that names the cause and its cure, or shows the last lines of the log."""
    for recognise in (_explain_program, _explain_disk, _explain_data):
        error = recognise(attempt)
        if error:
            return error
    said = _last_lines(attempt) or "it said nothing"
    return MongoUnavailable(
        f"mongod did not start (exit {attempt.exit_code}): {said}",
        cure=f"The whole log is {attempt.folder / 'mongod.log'}.",
    )


def explain_loss(instance: str, error: Exception) -> MongoUnavailable:
    """Return the error that says that MongoDB was lost while an instance was worked on."""
    return MongoUnavailable(
        f"MongoDB was lost while {instance} was ingested ({type(error).__name__}).",
        cure="Check that mongod runs; the next run goes on where this one stopped.",
    )


def explain_loss_of_transform(error: Exception) -> MongoUnavailable:
    """Return the error that says that MongoDB was lost while datasets were built."""
    return MongoUnavailable(
        f"MongoDB was lost while datasets were built ({type(error).__name__}).",
        cure="Check that mongod runs; what was live before is live still. Run it again.",
    )


def _explain_program(attempt: StartAttempt) -> MongoUnavailable | None:
    library = re.search(r"shared libraries: ([^\s:]+)", attempt.output)
    if library:
        name = library[1]
        known = next((_PACKAGES[part] for part in _PACKAGES if name.startswith(part)), None)
        cure = f"Install it (Debian, Ubuntu: apt-get install {known or 'the package that has it'}"
        cure += "; mongod needs libcurl4 and libssl3)." if known else ")."
        return MongoUnavailable(f"mongod needs the library {name}, which is missing.", cure=cure)
    if re.search(r"version `\w+_[\d.]+' not found", attempt.output):
        return MongoUnavailable(
            "The packaged mongod is built for a newer system.", cure=USE_ANOTHER
        )
    if attempt.exit_code in _ILLEGAL_INSTRUCTION_EXITS:
        return MongoUnavailable(
            "This processor lacks instructions (AVX) that mongod uses.", cure=USE_ANOTHER
        )
    return None


def _explain_data(attempt: StartAttempt) -> MongoUnavailable | None:
    newer = (
        r"unsupported WiredTiger file version|Version incompatibility detected"
        r"|invalid feature ?compatibility ?version|Wrong mongod version|UPGRADE PROBLEM"
    )
    if attempt.exit_code == _INCOMPATIBLE_DATA_EXIT or attempt.mentions(newer):
        return MongoUnavailable(
            f"{attempt.folder / 'data'} was written by another version of MongoDB than"
            f" {attempt.mongod}.",
            cure="Set CSA_MONGOD to the mongod that wrote it, or CSA_DATA_DIR to another folder.",
        )
    if attempt.mentions(r"DBPathInUse|Unable to lock the lock file"):
        return MongoUnavailable(
            f"A mongod that the warehouse did not start uses {attempt.folder / 'data'}.",
            cure="Stop it, or set CSA_DATA_DIR to another folder.",
        )
    if attempt.mentions(r"WT_TRY_SALVAGE|corruption detected"):
        return MongoUnavailable(
            f"The files of MongoDB in {attempt.folder / 'data'} are damaged.",
            cure=f"Restore a backup, or repair them: {attempt.mongod} --repair --dbpath"
            f" {attempt.folder / 'data'}.",
        )
    return None


def _explain_disk(attempt: StartAttempt) -> MongoUnavailable | None:
    full = r"No space left on device|Insufficient free space|Disk quota exceeded"
    # A full disk cuts its own complaint in the log short.
    is_full = shutil.disk_usage(attempt.folder).free < _LEAST_FREE_BYTES
    if is_full or attempt.mentions(full):
        return MongoUnavailable(
            f"The disk of {attempt.folder} is full.",
            cure="Free some space, or set CSA_DATA_DIR to a folder on another disk.",
        )
    if attempt.mentions(r"Permission denied|Operation not permitted|Read-only file system"):
        return MongoUnavailable(
            f"mongod may not write below {attempt.folder}.",
            cure="Give this user the folder (chown -R), or set CSA_DATA_DIR to another one.",
        )
    return None


def _complaints(log: str) -> str:
    """Return the lines of `log` above mere information: 'Permission denied' is one only there."""
    return "\n".join(line for line in log.splitlines() if not re.search(r'"s":"[ID]', line))


def _last_lines(attempt: StartAttempt) -> str:
    lines = (_complaints(attempt.log) or attempt.log).splitlines()
    launcher = [line for line in attempt.output.splitlines() if not line.startswith("{")]
    return " | ".join([_readable(line) for line in lines or launcher][-_LINES_SHOWN:])


def _readable(line: str) -> str:
    try:
        entry = json.loads(line)
        details = entry.get("attr", {}).get("error") or entry.get("attr", "")
        text = f"{entry['msg']} {details}"
    except (ValueError, KeyError, AttributeError):
        text = line
    return text.strip()[:_LINE_LENGTH]
