"""The way in over HTTP: who is calling, is it well formed, was it sent before; then accept, and wait for the answer."""
