"""The ledger's messages on their way to a mail server or an SMS gateway."""
