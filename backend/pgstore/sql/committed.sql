-- The record of a claim, after every transaction has ended that held it; no row if the claim has none.
--
-- Parameters: key, token.
SELECT r.state, r.token, r.attempt, r.fingerprint, r.lease_until - clock_timestamp(), r.outcome
FROM "idempotency_records" AS r
WHERE r.key = $1::bytea AND r.token = $2::uuid AND r.retained_until > clock_timestamp()
FOR SHARE
