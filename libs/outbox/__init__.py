"""What makes a hop safe: record in the caller's transaction, relay after the commit, recognise what was seen."""
