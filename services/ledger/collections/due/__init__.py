"""Clients whose collection cases have to be decided on again."""
