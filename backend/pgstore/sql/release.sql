-- Parameters: key, token, channel.
DELETE FROM "idempotency_records" AS r
WHERE r.key = $1::bytea AND r.token = $2::uuid AND r.state = 1
RETURNING CASE WHEN r.watched
    THEN pg_notify($3::text, encode(r.key, 'hex') || replace(r.token::text, '-', '')) END
