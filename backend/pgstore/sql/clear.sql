-- Removes a row whose retention has ended, or an expired claim that is taken over.
--
-- Parameters: key, token of the claim.
DELETE FROM "idempotency_records" AS r
WHERE r.key = $1::bytea
    AND (r.retained_until <= clock_timestamp()
        OR r.state = 1 AND r.token = $2::uuid AND r.lease_until <= clock_timestamp())
