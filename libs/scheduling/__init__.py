"""Do what is due in Postgres: look without spinning, claim under a lease, renew it, and refuse a zombie's write."""
