"""Component tests of ingress."""
