-- Which claims run on, for how long, and whether their end will be notified. It marks those of which
-- it is not notified yet, unless another transaction holds their row: the next look marks them.
--
-- Parameters: keys and tokens, one for each claim.
WITH claims AS MATERIALIZED (
    SELECT c.key, c.token FROM unnest($1::bytea[], $2::uuid[]) AS c (key, token)
), unmarked AS (
    SELECT r.key FROM claims AS c JOIN "idempotency_records" AS r ON r.key = c.key AND r.token = c.token
    WHERE r.state IN (1, 4) AND NOT r.watched
    FOR UPDATE OF r SKIP LOCKED
), marked AS (
    UPDATE "idempotency_records" AS r SET watched = true FROM unmarked AS u WHERE r.key = u.key
    RETURNING r.key
)
SELECT r.key, r.token, r.lease_until - clock_timestamp(), r.watched OR m.key IS NOT NULL
FROM claims AS c
JOIN "idempotency_records" AS r ON r.key = c.key AND r.token = c.token
LEFT JOIN marked AS m ON m.key = r.key
WHERE r.state IN (1, 4) AND r.retained_until > clock_timestamp()
