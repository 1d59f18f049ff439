"""Documents that others pushed, before they are in the books."""
