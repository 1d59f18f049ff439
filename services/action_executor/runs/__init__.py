"""Runs of automations: steps in order, each result committed before the next step begins (delivery.md)."""
