"""Hooks: URLs that want to be told of some triggers."""
