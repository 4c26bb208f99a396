-- Has the clean-up look at records again when they expire that have been retained for longer than
-- their claims asked for.
--
-- Parameters: how many at most.
UPDATE "idempotency_records" SET cleanup_at = expires_at WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM "idempotency_records" AS r
    WHERE r.cleanup_at <= (SELECT clock_timestamp()) AND r.expires_at > clock_timestamp()
    ORDER BY r.cleanup_at
    LIMIT $1::integer
    FOR UPDATE SKIP LOCKED
))
