"""The event log: recording, matching, ordering."""
