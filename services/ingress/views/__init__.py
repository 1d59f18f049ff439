"""Queries over the views that the services publish, and pages of their rows."""
