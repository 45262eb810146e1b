"""One sample ERPNext site: an ASGI server that answers as Frappe's REST API does."""
