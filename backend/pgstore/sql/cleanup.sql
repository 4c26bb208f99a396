-- Deletes records whose retention has ended, the oldest first. It passes over rows that another
-- transaction holds, such as the clean-up of another process.
--
-- Parameters: how many at most.
DELETE FROM "idempotency_records" WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM "idempotency_records" AS r
    WHERE r.cleanup_at <= (SELECT clock_timestamp()) AND r.retained_until <= clock_timestamp()
    ORDER BY r.cleanup_at
    LIMIT $1::integer
    FOR UPDATE SKIP LOCKED
))
