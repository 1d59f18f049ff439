"""Imports of clients and products."""
