"""Prefect: when and in which order the warehouse runs."""
