"""The site's back door: whatever a test or a demo changes while the site runs."""

from __future__ import annotations

import pickle
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from demo.site import commands
from demo.site.commands import Change, Command
from demo.site.edits import Editor
from demo.site.folder import load_folder
from demo.site.renames import rename_document
from demo.site.tables import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.site.dataset import Dataset
    from demo.site.faults import FaultRules
    from demo.site.logins import Logins
    from demo.site.stats import RequestStats

KEPT_BOOKS = 4

_decoder = msgspec.json.Decoder(Command | list[Command])


class Control:
    """Takes commands and carries them out on the store, the faults and the statistics."""

    def __init__(
        self, dataset: Dataset, faults: FaultRules, stats: RequestStats, logins: Logins
    ) -> None:
        self.faults = faults
        self.stats = stats
        self.logins = logins
        self._install(dataset)

    @property
    def store(self) -> Store:
        """Give the store in use."""
        return self._editor.store

    def take(self, body: bytes) -> tuple[int, Any]:
        """Carry out the commands of a body; give an HTTP status and what they return."""
        try:
            decoded = _decoder.decode(body)
            if isinstance(decoded, list):
                return 200, {"ok": True, "results": [self.carry_out(each) for each in decoded]}
            return 200, {"ok": True, "result": self.carry_out(decoded)}
        except (msgspec.MsgspecError, LookupError, ValueError, TypeError, OSError) as error:
            return 400, {"ok": False, "error": f"{type(error).__name__}: {error}"}

    def carry_out(self, command: Command) -> Any:
        """Carry out one command."""
        match command:
            case commands.Faults(rules=rules):
                self.faults.add(rules)
            case commands.ClearFaults():
                self.faults.clear()
            case commands.Stats(reset=reset):
                report = self.stats.report()
                if reset:
                    self.stats.reset()
                return report
            case commands.SetPassword(user=user, password=password, expired=expired):
                self.logins.set_password(user, password, expired=expired)
            case commands.Sessions():
                return self.logins.open_sessions
            case _:
                self.change_all([command])
        return None

    def change_all(self, changes: Iterable[Change]) -> None:
        """Make changes of the store, one after the other."""
        for change in changes:
            self._change(change)

    def _change(self, change: Change) -> None:
        match change:
            case commands.Edit():
                self._editor.edit(change)
            case commands.Insert():
                self._editor.insert(change)
            case commands.Delete():
                self._editor.delete(change)
            case commands.Rename():
                rename_document(self._editor, change)
            case commands.Describe():
                self._editor.describe(change)
            case commands.Swap():
                self._install(_dataset_of(change))
            case _:
                self._set(change)

    def _set(self, change: commands.Refuse | commands.SetTimeZone | commands.SetVersions) -> None:
        match change:
            case commands.Refuse(doctype=doctype, refused=True):
                self.store.refused[doctype] = 403
            case commands.Refuse(doctype=doctype):
                self.store.refused.pop(doctype, None)
            case commands.SetTimeZone(time_zone=time_zone):
                self.store.time_zone = self._editor.clock.time_zone = time_zone
            case commands.SetVersions(versions=versions):
                self.store.versions = dict(versions)

    def _install(self, dataset: Dataset) -> None:
        self._editor = Editor(Store(dataset))


def _dataset_of(swap: commands.Swap) -> Dataset:
    if swap.dataset is not None:
        return load_folder(Path(swap.dataset))
    if swap.documents is None:
        raise ValueError("swap needs a dataset folder or a number of documents")
    books: Dataset = pickle.loads(_generate(swap.documents, swap.seed, swap.mix))  # noqa: S301 - our own
    return books


@lru_cache(maxsize=KEPT_BOOKS)
def _generate(documents: int, seed: int, mix: str) -> bytes:
    """Keep books as bytes, which are copied six times as fast as they are generated."""
    from demo.books import Mix, generate_books  # noqa: PLC0415 - a site of a folder needs no generator

    return pickle.dumps(generate_books(documents, seed, mix=Mix(mix)))
