"""Compare our reading of published e-invoices with an independent one: `make einvoice-report DIR=...`."""
