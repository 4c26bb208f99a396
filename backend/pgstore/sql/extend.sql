-- Parameters: key, token, lease, retention or null, how much later than the end of its retention the
-- clean-up may look at the record, channel.
UPDATE "idempotency_records" AS r SET
    lease_until = clock_timestamp() + $3::interval,
    retained_until = coalesce(clock_timestamp() + $3::interval + $4::interval, 'infinity'),
    cleanup_at = CASE
        WHEN r.cleanup_at > clock_timestamp() + $3::interval + $4::interval + $5::interval
        THEN clock_timestamp() + $3::interval + $4::interval
        ELSE r.cleanup_at
    END
WHERE r.key = $1::bytea AND r.token = $2::uuid AND r.state IN (1, 4) AND r.retained_until > clock_timestamp()
RETURNING CASE WHEN r.watched AND $3::interval <= interval '0'
    THEN pg_notify($6::text, encode(r.key, 'hex') || replace(r.token::text, '-', '')) END
