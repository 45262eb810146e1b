"""Names as MariaDB compares them, and so ERPNext finds them: case, accents, spaces at the ends."""

from __future__ import annotations

import unicodedata


def fold_name(name: str) -> str:
    """Return the same text for all spellings of a name that ERPNext takes for one."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).strip()
