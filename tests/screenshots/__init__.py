"""Pictures of every screen of the console."""
