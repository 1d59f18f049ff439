"""Hooks: subscriptions of URLs to triggers."""
