"""The executor: deliveries to hooks, runs of automations, and outgoing messages."""
