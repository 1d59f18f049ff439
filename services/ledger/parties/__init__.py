"""Clients: who owes."""
