"""Hook deliveries: one event to one hook, tried until it is there or given up (delivery.md, Hook deliveries)."""
