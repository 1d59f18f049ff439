"""The way in: everything that comes over HTTP is known, checked and committed here before it is answered."""
