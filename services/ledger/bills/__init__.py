"""What suppliers ask for: bills, recorded from the purchase inbox."""
