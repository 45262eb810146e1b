"""The server-less tier."""

from tests.mock_database import mock_database

__all__ = ["mock_database"]
