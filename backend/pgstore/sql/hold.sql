-- Extends the lease of a claim, unless a transaction holds its record. Returns whether the claim has the
-- record: then a transaction of its handler holds or has finished it, if it was not extended.
--
-- Parameters: key, token, lease, retention or null, how much later than the end of its retention the
-- clean-up may look at the record.
WITH free AS (
    SELECT r.key FROM "idempotency_records" AS r
    WHERE r.key = $1::bytea AND r.token = $2::uuid AND r.state IN (1, 4) AND r.retained_until > clock_timestamp()
    FOR UPDATE SKIP LOCKED
), extended AS (
    UPDATE "idempotency_records" AS r SET
        lease_until = clock_timestamp() + $3::interval,
        retained_until = coalesce(clock_timestamp() + $3::interval + $4::interval, 'infinity'),
        cleanup_at = CASE
            WHEN r.cleanup_at > clock_timestamp() + $3::interval + $4::interval + $5::interval
            THEN clock_timestamp() + $3::interval + $4::interval
            ELSE r.cleanup_at
        END
    FROM free AS f WHERE r.key = f.key
    RETURNING r.key
)
SELECT EXISTS (SELECT FROM "idempotency_records" AS r WHERE r.key = $1::bytea AND r.token = $2::uuid)
