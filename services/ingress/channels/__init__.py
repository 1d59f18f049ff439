"""Everything under `/ext`: secret URLs into which other programs push documents and events."""
