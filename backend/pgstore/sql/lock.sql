-- Locks a key until the end of the transaction, or says that another transaction holds it.
--
-- Parameters: number of the key.
SELECT pg_try_advisory_xact_lock($1::bigint # ('"idempotency_records"'::regclass::oid::bigint << 32))
