"""The double-entry journal beneath the documents."""
