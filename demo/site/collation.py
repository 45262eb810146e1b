"""How the site's database compares text: MariaDB's utf8mb4_unicode_ci, as near as matters.

Case, accents and trailing spaces don't count, every emoji equals every other, and punctuation
sorts before digits and digits before letters. So "RAJU DAS " is Raju Das, and "a_1" comes before
"a-1": a client that compares names by itself goes wrong, here as on a real site. Indic vowel signs
do count. Scripts sort among themselves by code point, which the real table does only roughly.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_PUNCTUATION = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_CACHED_KEYS = 1 << 17


def _ascii_weights() -> dict[int, str | None]:
    weights: dict[int, str | None] = dict.fromkeys((*range(0x20), 0x7F))
    weights.update(dict.fromkeys(range(0x09, 0x0E), "\x01"))
    weights[ord(" ")] = "\x02"
    weights.update({ord(mark): chr(3 + place) for place, mark in enumerate(_PUNCTUATION)})
    return weights


_WEIGHTS = _ascii_weights()
_IGNORED = dict.fromkeys(
    (
        0xAD,
        *range(0x300, 0x370),
        *range(0x1AB0, 0x1B00),
        *range(0x1DC0, 0x1E00),
        *range(0x200B, 0x2010),
        *range(0x20D0, 0x2100),
        *range(0xFE00, 0xFE10),
        *range(0xFE20, 0xFE30),
        0xFEFF,
    )
)
_SUPPLEMENTARY = re.compile("[\U00010000-\U0010ffff]")


def fold(text: str) -> str:
    """Give the text's weights: equal for texts that the database holds equal, spaces apart."""
    if text.isascii():
        return text.lower().translate(_WEIGHTS)
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_IGNORED)
    return _SUPPLEMENTARY.sub("\ufffd", folded).casefold().translate(_WEIGHTS)


def text_key(text: str) -> str:
    """Give what orders and equates the text as the database does, trailing spaces ignored."""
    return fold(text.rstrip(" "))


@lru_cache(maxsize=_CACHED_KEYS)
def cached_text_key(text: str) -> str:
    """Give `text_key`, remembered: columns hold the same values again and again."""
    return text_key(text)


@lru_cache(maxsize=256)
def like_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a LIKE pattern (`%` any text, `_` one character) to match folded text.

    A backslash stands for itself: Frappe escapes it before the database sees it.
    """
    parts = re.split("([%_])", pattern)
    meaning = {"%": ".*", "_": "."}
    return re.compile(
        "".join(meaning.get(part) or re.escape(fold(part)) for part in parts), re.DOTALL
    )
