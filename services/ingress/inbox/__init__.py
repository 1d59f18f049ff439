"""What somebody else's bytes say: the pure rules between an inbox channel's POST and the command to the books."""
