"""Litestar: the read-only API over the datastore."""
