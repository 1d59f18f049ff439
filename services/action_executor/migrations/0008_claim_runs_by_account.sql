-- While an account has all the workers that it may have, runs of the others are claimed without reading its own.
CREATE INDEX run_turn ON execution.run (account_id, due_at) WHERE due_at IS NOT NULL;
