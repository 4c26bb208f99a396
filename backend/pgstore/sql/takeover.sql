-- Like claim.sql, for a claim that replaces another one. A record that may be replaced is left to the
-- function, which decides on the newest version of the row. The time is read once, so that no takeover
-- is refused because of a lease that is shown as expired. It fails if a transaction holds the record.
--
-- Parameters: key, token, attempt, fingerprint, lease, retention or null, token to replace.
SELECT
    coalesce(r.state, "idempotency_records_takeover"($1, $2, $7, $3, $4, $5, $6)::integer::smallint),
    r.token, r.attempt, r.fingerprint, r.lease_until - c.now, r.outcome
FROM (SELECT clock_timestamp() AS now OFFSET 0) AS c
LEFT JOIN "idempotency_records" AS r ON r.key = $1::bytea
    AND r.retained_until > c.now
    AND NOT (r.state = 1 AND r.token = $7::uuid AND r.lease_until <= c.now)
