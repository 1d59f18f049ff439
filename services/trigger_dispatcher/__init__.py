"""The dispatcher: records events, matches them with subscriptions, and sends a job for each match."""
