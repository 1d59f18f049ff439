"""The version number, defined here only."""

VERSION = "0.1.0"
