-- Postpones the clean-up of records whose retention ends later than their claims set, to its end.
--
-- Parameters: how many at most.
UPDATE "idempotency_records" SET cleanup_at = retained_until WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM "idempotency_records" AS r
    WHERE r.cleanup_at <= (SELECT clock_timestamp()) AND r.retained_until > clock_timestamp()
    ORDER BY r.cleanup_at
    LIMIT $1::integer
    FOR UPDATE SKIP LOCKED
))
