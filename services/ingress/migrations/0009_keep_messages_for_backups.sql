-- Messages that the bus has confirmed, for as long as a backup's snapshot needs them.
SELECT storage.create_kept_messages_table('ingress', 'ledgerwire_ingress');
