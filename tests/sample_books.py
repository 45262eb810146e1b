"""The books of the sample site that most tests use, and how many documents they have.

Without ledgers, so that a small site has enough of what the tests look at.
"""

from __future__ import annotations

from functools import cache

from demo.books import Mix, generate_books

DOCUMENTS = 300
SEED = 1
MIX = Mix.VOUCHERS


@cache
def count_sample(doctype: str) -> int:
    """Count the documents of a DocType."""
    return len(generate_books(DOCUMENTS, SEED, mix=MIX).documents[doctype])
