"""The generator of sample ERPNext books: made-up farmer producer companies of any size."""

from demo.books.generation import generate_books
from demo.books.mix import Mix

__all__ = ["Mix", "generate_books"]
