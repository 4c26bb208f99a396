-- Stores a finished record. If the key has a row, it fails, and the transaction with it: two outcomes
-- are never committed.
--
-- Parameters: key, token, attempt, fingerprint, state, outcome or null, retention or null.
INSERT INTO "idempotency_records"
    (key, token, attempt, fingerprint, state, outcome, lease_until, retained_until, cleanup_at)
SELECT $1::bytea, $2::uuid, $3::integer, $4::bytea, $5::smallint, $6::bytea, c.now, c.until, c.until
FROM (SELECT now, coalesce(now + $7::interval, 'infinity') AS until FROM (SELECT clock_timestamp() AS now OFFSET 0) AS n OFFSET 0) AS c
