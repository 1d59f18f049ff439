"""Promises to pay: recorded, kept by what comes in, broken when their day is over."""
