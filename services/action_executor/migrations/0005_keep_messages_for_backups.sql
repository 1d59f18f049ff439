-- Messages that the bus has confirmed, for as long as a backup's snapshot needs them.
SELECT storage.create_kept_messages_table('execution', 'ledgerwire_execution');
