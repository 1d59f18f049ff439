"""Mails and messages that come in, read: MIME, what providers post, and what mail servers report."""
