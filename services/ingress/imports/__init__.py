"""Imports of clients and products: files are read line by line, each validated like a single request."""
