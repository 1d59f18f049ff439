"""Hand-over of the ledger's messages to a mail server or an SMS gateway."""
