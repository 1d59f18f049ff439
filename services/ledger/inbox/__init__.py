"""Received documents, before they are accepted."""
