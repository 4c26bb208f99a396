-- How long a record is retained that was finished under the token; null for one without end.
--
-- Parameters: key, token.
SELECT CASE WHEN isfinite(r.retained_until) THEN r.retained_until - c.now END
FROM (SELECT clock_timestamp() AS now OFFSET 0) AS c, "idempotency_records" AS r
WHERE r.key = $1::bytea AND r.token = $2::uuid AND r.state IN (2, 3) AND r.retained_until > c.now
