"""The unit of work of a batch: what is read, decided and written in one transaction."""
