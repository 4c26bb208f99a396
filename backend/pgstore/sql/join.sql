-- Completes or marks a claim in a transaction of the handler.
--
-- Parameters: key, token, state, outcome or null, retention or null, how much later than the end of
-- its retention the clean-up may look at the record, channel.
SELECT "idempotency_records_join"(
    $1::bytea, $2::uuid, $3::smallint, $4::bytea, $5::interval, $6::interval, $7::text
)
