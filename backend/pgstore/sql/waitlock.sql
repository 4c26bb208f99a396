-- Waits until the transaction has ended that holds a key, at most as long as lock_timeout says.
--
-- Parameters: number of the key.
SELECT pg_advisory_xact_lock($1::bigint # ('"idempotency_records"'::regclass::oid::bigint << 32))
