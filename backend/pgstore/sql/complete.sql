-- Parameters: key, token, state, outcome or null, retention or null, how much later than the end of
-- its retention the clean-up may look at the record, channel.
UPDATE "idempotency_records" AS r SET
    state = $3::smallint,
    outcome = $4::bytea,
    retained_until = coalesce(clock_timestamp() + $5::interval, 'infinity'),
    cleanup_at = CASE
        WHEN r.cleanup_at > clock_timestamp() + $5::interval + $6::interval
        THEN clock_timestamp() + $5::interval
        ELSE r.cleanup_at
    END
WHERE r.key = $1::bytea AND r.token = $2::uuid AND r.state IN (1, 4) AND r.retained_until > clock_timestamp()
RETURNING CASE WHEN r.watched
    THEN pg_notify($7::text, encode(r.key, 'hex') || replace(r.token::text, '-', '')) END
