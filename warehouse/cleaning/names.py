"""Names without their spelling variants (C11): for comparing only, the original is kept."""

from __future__ import annotations

import re
import unicodedata

# What a name begins with and what tells nobody apart.
_HONORIFICS = re.compile(r"^(?:m/s|messrs|shri|sri|shree|smt|mr|mrs|ms|dr|kum|kumari)\b[\s.]*")
# Frappe names the second of two records of one title "Name - 1".
_SECOND_OF_A_NAME = re.compile(r"\s+-\s*\d+$")
_LIMITED = r"(?: (?:limited|ltd))"
_LEGAL_FORMS = (
    (rf"\bfarmers? producers? (?:company|co)(?: (?:private|pvt))?{_LIMITED}\b", "fpcl"),
    (rf"\bmutually aided co-?operative societ(?:y|ies){_LIMITED}?(?!\w)", "macs"),
    (r"\(p\)|\bprivate\b", "pvt"),
    (r"\blimited\b", "ltd"),
    (r"\bcompany\b", "co"),
    (r"\band\b|&", " "),
)


def clean_name(name: str) -> str:
    """Return the name as it is shown: NFKC, single spaces, without Frappe's counter."""
    text = " ".join(unicodedata.normalize("NFKC", name).split())
    return _SECOND_OF_A_NAME.sub("", text) or text


def normalise_name(name: str) -> str:
    """Return the name as it is compared: also casefolded, without honorifics and legal variants."""
    text = re.sub(r"(?<=\w)\.(?=\s|\w|$)", " ", clean_name(name).casefold())
    text = _HONORIFICS.sub("", " ".join(text.split()))
    for variant, form in _LEGAL_FORMS:
        text = re.sub(variant, form, text)
    return " ".join("".join(map(_plain, text)).split())


def _plain(character: str) -> str:
    """Return a character, a space for punctuation and symbols, nothing for what is invisible.

    The vowel signs of Indian scripts are marks, not letters; without them names would be others.
    """
    kind = unicodedata.category(character)
    if kind == "Cf":
        return ""
    return " " if kind[0] in "PSC" else character
