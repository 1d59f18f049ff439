"""Clients and products that come by the file."""
