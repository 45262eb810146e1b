"""Beanie documents: what is stored, and the queries that live with each collection."""
