"""Collection cases: the runs of collectors for clients and invoices, decided on and sent by a scheduler."""
