"""Hook deliveries: one event to one hook, tried until it succeeds or fails finally (delivery.md, Hook deliveries)."""
