"""Mails that come in, read: pure."""
