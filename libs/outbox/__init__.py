"""Reliable messaging: record in the caller's transaction, relay after the commit, recognise processed messages."""
