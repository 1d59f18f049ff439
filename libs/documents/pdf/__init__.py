"""The PDF of a sales document: from the object that `GET /v1/sales/{id}` returns to bytes.

`content` is its texts, in the client's language; `header`, `body` and `footer` place them on `pages`; `drawing` makes
the bytes. All of it is pure: amounts are the stored ones, never computed again, and equal documents give equal bytes.
reportlab and babel are imported with the first PDF, so that a process that renders none saves their memory.
"""
