"""Disputes: invoices that a client does not accept."""
