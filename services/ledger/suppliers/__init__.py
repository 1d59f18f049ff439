"""Suppliers: who sends bills."""
