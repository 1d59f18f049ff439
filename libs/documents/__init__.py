"""Document formats as pure functions: bytes to a document, and a document to bytes."""
