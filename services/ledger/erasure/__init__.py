"""Erase a client's personal data, as far as the law on books allows."""
