-- The state of the record and whether the token stands in it; no row if the key is absent. It is
-- read when a step changed nothing.
--
-- Parameters: key, token.
SELECT r.state, r.token = $2::uuid
FROM "idempotency_records" AS r
WHERE r.key = $1::bytea AND r.retained_until > clock_timestamp()
