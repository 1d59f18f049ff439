"""Back up an installation into one file, and restore it into an empty one."""
