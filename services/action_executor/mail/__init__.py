"""Outgoing mail: the message as MIME, and the SMTP client."""
