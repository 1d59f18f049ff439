"""Collectors: the steps that an account's receivables go through, in versions."""
