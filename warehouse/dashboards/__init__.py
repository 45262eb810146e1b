"""Reads of datasets for people: rows, grouped measures and exports, all by one predicate."""
