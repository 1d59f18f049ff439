"""How much of its plan an account has used."""
