-- What stands under a key, or the claim if nothing does. A lapsed claim that may be taken over is
-- left to the function, like what is absent: it decides on the newest version of the row. The time
-- is read once, so that no takeover is refused because of a lease that is shown as lapsed.
--
-- Parameters: key, token, token to replace, attempt, fingerprint, lease, retention or null.
SELECT
    CASE WHEN r.key IS NULL THEN "idempotency_records_claim"($1, $2, $3, $4, $5, $6, $7) END AS won,
    r.state, r.token, r.attempt, r.fingerprint, r.lease_until - c.now AS lease_left, r.outcome
FROM (SELECT clock_timestamp() AS now OFFSET 0) AS c
LEFT JOIN "idempotency_records" AS r ON r.key = $1::bytea
    AND r.expires_at > c.now
    AND NOT (r.state = 1 AND r.token = $3::uuid AND r.lease_until <= c.now)
