"""JSON from outside, and what is said of it."""
