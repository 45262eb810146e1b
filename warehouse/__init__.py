"""The shared library: ERPNext client, ingestion and documents, free of Prefect and Litestar."""
