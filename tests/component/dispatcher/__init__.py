"""Component tests of the trigger dispatcher."""
