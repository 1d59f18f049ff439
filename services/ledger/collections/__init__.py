"""Collections: what is done, and when, about receivables that are not paid."""
