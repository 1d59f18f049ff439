"""Attacks on a running instance: what one caller can do to memory and to the answers of other accounts."""
