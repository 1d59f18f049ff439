-- The newest message that came in by a channel, however many came by others since.
CREATE INDEX inbox_message_channel ON ledger.inbox_message (account_id, (channel ->> 'id'), id DESC)
 WHERE channel IS NOT NULL;
