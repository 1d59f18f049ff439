"""The web pages for people: a client of the public API that renders on the server, in English, French and Spanish."""
