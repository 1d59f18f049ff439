"""Calls with clients: their outcome, and what it records as well."""
