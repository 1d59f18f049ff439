"""Sales documents: their amounts, states, numbers and dates."""
