"""Reads for people: queries over the raw documents, compiled from what a request may say."""
