"""The public API: one module per resource, routes and handlers."""
