"""Variables as an operator writes them: `.env` and environment in, canonical names and values out.

Nothing here shows a value, whatever is wrong with it: people paste secrets into the wrong line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dotenv.parser import Binding, parse_stream

_OF_INSTANCES = (
    "Each ERPNext has its own ERP__<ID>__URL, ERP__<ID>__API_KEY and ERP__<ID>__API_SECRET."
)
RETIRED = {
    "ERP_USERNAME": _OF_INSTANCES,
    "ERP_PASSWORD": _OF_INSTANCES,
}
INSTANCE_PREFIX = "ERP__"


class Problem(NamedTuple):
    """What is wrong with a variable, and what to do about it."""

    variable: str
    what: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.variable} {self.what}. {self.cure}".rstrip()


@dataclass(frozen=True)
class Vocabulary:
    """The names that exist: plain ones, and what may follow `ERP__<ID>__`; all in upper case."""

    plain: tuple[str, ...]
    of_instance: tuple[str, ...]


@dataclass
class Variables:
    """Our variables of one source, by field name; empty ones count as not set."""

    plain: dict[str, str] = field(default_factory=dict)
    instances: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def under(self, stronger: "Variables") -> "Variables":
        """Return both, where `stronger` wins variable by variable."""
        names = {*self.instances, *stronger.instances}
        return Variables(
            plain={**self.plain, **stronger.plain},
            instances={
                name: {**self.instances.get(name, {}), **stronger.instances.get(name, {})}
                for name in sorted(names)
            },
            problems=list(dict.fromkeys([*self.problems, *stronger.problems])),
        )


def collect_variables(source: Mapping[str, str], vocabulary: Vocabulary) -> Variables:
    """Sort out which variables of `source` are ours; foreign ones are left alone."""
    found = Variables()
    spelt: dict[tuple[str, str], str] = {}
    for name, raw in source.items():
        value = raw.strip()
        if name in vocabulary.plain:
            if value:
                found.plain[name.lower()] = value
        elif name in RETIRED:
            if value:
                found.problems.append(_retired(name))
        elif name.upper().startswith(("CSA_", INSTANCE_PREFIX)):
            identifier, _, setting = name.removeprefix(INSTANCE_PREFIX).rpartition("__")
            ours = name.startswith(INSTANCE_PREFIX) and setting in vocabulary.of_instance
            if not ours or not identifier:
                found.problems.append(_unknown(name, source, vocabulary))
            elif value:
                _add_to_instance(found, spelt, name, value)
    return found


def read_env_file(path: Path | None) -> tuple[dict[str, str], list[Problem]]:
    """Return the variables of a `.env`; none if there is no such file.

    A `$` in a value is a `$`: keys and passwords are copied here as they are.
    """
    if path is None:
        return {}, []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return {}, [Problem(str(path), f"can't be read: {reason}", "Mend or remove it.")]
    bindings = list(parse_stream(StringIO(text)))
    values = {line.key: line.value or "" for line in bindings if line.key}
    return values, [_unreadable(path, line) for line in bindings if line.error]


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a question naming the nearest of `known`, or nothing when none is near."""
    nearest = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean {nearest[0]}?" if nearest else ""


def _add_to_instance(
    found: Variables, spelt: dict[tuple[str, str], str], name: str, value: str
) -> None:
    identifier, _, setting = name.removeprefix(INSTANCE_PREFIX).rpartition("__")
    instance = identifier.lower()
    variables = found.instances.setdefault(instance, {})
    other = spelt.setdefault((instance, setting), name)
    if variables.setdefault(setting.lower(), value) != value:
        what = f"and {other} are the same instance, {instance}, with different values"
        found.problems.append(Problem(name, what, "Keep one of them."))


def _retired(name: str) -> Problem:
    return Problem(name, "is no longer used", RETIRED[name])


def _unknown(name: str, source: Mapping[str, str], vocabulary: Vocabulary) -> Problem:
    identifiers = {
        seen.removeprefix(INSTANCE_PREFIX).rpartition("__")[0]
        for seen in {**source, name: ""}
        if seen.startswith(INSTANCE_PREFIX)
    }
    # ERP__KISANMITRA_URL: one underscore too few is the likeliest slip.
    identifiers |= {
        name.upper().removeprefix(INSTANCE_PREFIX).removesuffix(setting).strip("_")
        for setting in vocabulary.of_instance
        if name.upper().endswith(f"_{setting}")
    }
    known = [
        f"{INSTANCE_PREFIX}{identifier}__{setting}"
        for identifier in sorted(identifiers - {""})
        for setting in vocabulary.of_instance
    ]
    cure = suggest(name.upper(), [*vocabulary.plain, *known])
    return Problem(name, "is unknown", cure or ".env.example lists what there is.")


def _unreadable(path: Path, line: Binding) -> Problem:
    # The parser's lines begin at the line break before, when blank lines come first.
    text = line.original.string
    number = line.original.line + len(text) - len(text.lstrip("\r\n"))
    return Problem(str(path), f"has a line that is not NAME=value: line {number}", "Mend it.")
