"""The screens: one module for each, with its `ROUTES`."""
