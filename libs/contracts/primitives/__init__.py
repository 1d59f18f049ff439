"""Values that every shape is made of: money, currencies, ids, problem details."""
