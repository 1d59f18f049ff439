"""Values that models are made of: money, currencies, ids, problem details."""
