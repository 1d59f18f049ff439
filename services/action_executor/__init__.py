"""Carry out what events ask for: deliveries to hooks and runs of automations. Fourth and last hop."""
