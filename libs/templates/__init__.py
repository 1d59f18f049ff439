"""Liquid templates made by accounts, rendered within strict bounds in worker processes."""
