"""What the API offers of the other services' things: reads from their published views, writes by commands to them.

A resource is a module with `ROUTES`; `ingress.http.routes` lists the modules.
"""
