-- Hand-overs are claimed account by account: a large run of reminders of one is not read while its turn is full.
CREATE INDEX hand_over_turn ON execution.hand_over (account_id, due_at) WHERE due_at IS NOT NULL;
