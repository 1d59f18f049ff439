"""Run due work stored in Postgres: poll without spinning, claim under a lease, renew it, and fence off stale writes."""
