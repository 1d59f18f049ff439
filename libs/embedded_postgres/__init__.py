"""The PostgreSQL server of the embedded default: installed, started, supervised and stopped by Ledgerwire."""
