"""OAuth 2.1: authorization code with PKCE, rotating refresh tokens, revocation, registration, metadata."""
