-- +goose Up
-- Version 2: the functions for claims and outcomes in a transaction.
--
-- The quoted names are those of the default table. For another table, let pgstore.Migrate or
-- pgstore.Migrations fill in the names.

-- Inserts a claim as the function of version 1 does. If another transaction holds the key, it waits for
-- it so shortly that the caller is not kept, and fails with lock_not_available.
-- +goose StatementBegin
CREATE FUNCTION "idempotency_records_begin"(
    claim_key bytea, claim_token uuid, replaced uuid, claim_attempt integer, claim_fingerprint bytea,
    lease interval, retention interval
) RETURNS boolean LANGUAGE plpgsql AS $claim$
DECLARE
    configured text := current_setting('lock_timeout');
    won boolean;
BEGIN
    PERFORM set_config('lock_timeout', '10ms', true);
    won := "idempotency_records_claim"(
        claim_key, claim_token, replaced, claim_attempt, claim_fingerprint, lease, retention);
    PERFORM set_config('lock_timeout', configured, true);
    RETURN won;
END
$claim$;
-- +goose StatementEnd

-- Finishes a claim. It fails where there is none, so that it can be sent together with COMMIT. No one
-- can wait for the end of the claim of a transaction, so none is notified.
-- +goose StatementBegin
CREATE FUNCTION "idempotency_records_finish"(
    claim_key bytea, claim_token uuid, new_state smallint, new_outcome bytea,
    retention interval, slack interval
) RETURNS void LANGUAGE plpgsql AS $claim$
DECLARE
    until timestamptz := clock_timestamp() + retention;
BEGIN
    UPDATE "idempotency_records" AS r SET
        state = new_state,
        outcome = new_outcome,
        retained_until = coalesce(until, 'infinity'),
        cleanup_at = CASE WHEN r.cleanup_at > until + slack THEN until ELSE r.cleanup_at END
    WHERE r.key = claim_key AND r.token = claim_token AND r.state = 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the claim of the transaction does not exist' USING ERRCODE = 'no_data_found';
    END IF;
END
$claim$;
-- +goose StatementEnd

COMMENT ON TABLE "idempotency_records" IS 'Records of github.com/oncewire/idempotency, schema version 2';
