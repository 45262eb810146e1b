"""Generate all documents of one made-up ERPNext site."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from demo.books.book import Book
from demo.books.chart import add_chart
from demo.books.company import choose_company
from demo.books.customisations import add_customisations
from demo.books.doctypes import list_doctypes
from demo.books.farmers import add_farmers, add_field_visits
from demo.books.items import add_items
from demo.books.mix import Mix, count_documents
from demo.books.parties import add_parties
from demo.books.setup import add_setup
from demo.books.singles import TIME_ZONE, add_singles
from demo.books.trading import Year
from demo.site.dataset import Dataset

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST = 200


def generate_books(
    documents: int, seed: int, company: str = "", mix: Mix = Mix.ORDINARY
) -> Dataset:
    """Generate a site with exactly `documents` documents, Singles and child rows not counted.

    The same arguments give the same data, byte for byte. Without `company` an even seed gives the
    seed growers' company and an odd one the food company; any other name gets its own books.
    `Mix.INVOICES` asks for little but Sales Invoices, of about 14 kB each, for benchmarks;
    `Mix.VOUCHERS` for the masters and vouchers of ordinary books without their ledgers.

    Raises:
        ValueError: fewer than 200 documents were asked for.
    """
    if documents < FEWEST:
        raise ValueError(f"a site has {FEWEST} documents or more, not {documents}")
    with _garbage_left_alone():
        book = Book(seed, choose_company(company, seed))
        _write_book(book, documents, mix)
    return Dataset(
        doctypes=list_doctypes(book.metas),
        metas=book.metas,
        documents=book.documents,
        time_zone=TIME_ZONE,
    )


def _write_book(book: Book, documents: int, mix: Mix) -> None:
    add_setup(book)
    add_chart(book)
    add_customisations(book)
    counts = count_documents(documents - book.count_documents(), mix)
    catalogue = add_items(book, counts.items)
    parties = add_parties(book, counts)
    Year(book, mix, catalogue, parties, counts.trade).trade()
    farmers = documents - book.count_documents() - counts.visits
    add_farmers(book, farmers, catalogue.goods, parties.customers)
    add_field_visits(book, counts.visits)
    add_singles(book)


@contextmanager
def _garbage_left_alone() -> Iterator[None]:
    """Suspend the cycle collector, which would walk millions of live rows and free nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
