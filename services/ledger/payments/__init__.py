"""Incoming payments, and what they settle."""
