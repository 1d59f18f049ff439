"""The paper of a sales document: from the object that `GET /v1/sales/{id}` gives to the bytes of a PDF.

`wording` says what stands on it, in the client's language; `head`, `body` and `foot` place that on `pages`; `drawing`
makes the bytes. All of it is pure: amounts are the stored ones, never computed again, and an equal document gives
equal bytes. reportlab and babel are only imported with the first PDF: a process that prints none does not pay for them.
"""
