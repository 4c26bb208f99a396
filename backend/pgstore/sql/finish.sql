-- Parameters: key, token, state, outcome or null, retention or null, how much later than the end of
-- its retention the clean-up may look at the record.
SELECT "idempotency_records_finish"($1, $2, $3, $4, $5, $6)
