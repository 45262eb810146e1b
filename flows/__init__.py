"""Prefect: when and in which order the warehouse runs, and what operators see of it."""
