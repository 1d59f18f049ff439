"""The Model Context Protocol: assistants use the account through tools that call the public API."""
