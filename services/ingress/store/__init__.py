"""SQL and typed functions over the schema `ingress`: one noun in each module, one query in each function."""
