-- Deletes records that have expired, those first that expired first. It passes over rows that
-- another transaction holds, such as another process's clean-up.
--
-- Parameters: how many at most.
DELETE FROM "idempotency_records" WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM "idempotency_records" AS r
    WHERE r.cleanup_at <= (SELECT clock_timestamp()) AND r.expires_at <= clock_timestamp()
    ORDER BY r.cleanup_at
    LIMIT $1::integer
    FOR UPDATE SKIP LOCKED
))
