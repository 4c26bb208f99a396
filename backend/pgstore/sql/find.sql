-- The row of a key, and whether its retention has ended; no row if there is none.
--
-- Parameters: key.
SELECT
    r.state, r.token, r.attempt, r.fingerprint, CASE WHEN r.state IN (1, 4) THEN r.lease_until - c.now END, r.outcome,
    r.retained_until <= c.now
FROM (SELECT clock_timestamp() AS now OFFSET 0) AS c, "idempotency_records" AS r
WHERE r.key = $1::bytea
