-- What stands under a key, or the claim if nothing does: the function is called for a key that is
-- absent. Then the token is null, and the state is 1 if the claim has won and 0 if another one has
-- come between.
--
-- Parameters: key, token, attempt, fingerprint, lease, retention or null.
SELECT
    coalesce(r.state, "idempotency_records_claim"($1, $2, NULL, $3, $4, $5, $6)::integer::smallint),
    r.token, r.attempt, r.fingerprint, CASE WHEN r.state IN (1, 4) THEN r.lease_until - clock_timestamp() END, r.outcome
FROM (SELECT) AS one
LEFT JOIN "idempotency_records" AS r ON r.key = $1::bytea AND r.retained_until > clock_timestamp()
