"""Suppliers' bills, recorded from the purchase inbox."""
