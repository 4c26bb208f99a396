-- +goose Up
-- Version 2: completing and marking a claim in a transaction of the handler.
--
-- The quoted names are those of the default table. For another table, let pgstore.Migrate or
-- pgstore.Migrations fill in the names.

-- State 4 is that of a marked record: its effect is committed, and the outcome column has a reference.
-- All rows satisfy the constraints, since they satisfied stricter ones, so they need not be read.
ALTER TABLE "idempotency_records"
    DROP CONSTRAINT state_is_known,
    DROP CONSTRAINT outcome_fits_state,
    ADD CONSTRAINT state_is_known CHECK (state IN (1, 2, 3, 4)) NOT VALID,
    ADD CONSTRAINT outcome_fits_state CHECK ((state IN (2, 4)) = (outcome IS NOT NULL)) NOT VALID;

-- Inserts a claim as the function of version 1 does. If another transaction holds the key for longer
-- than a takeover takes, it fails with lock_not_available.
-- +goose StatementBegin
CREATE FUNCTION "idempotency_records_takeover"(
    claim_key bytea, claim_token uuid, replaced uuid, claim_attempt integer, claim_fingerprint bytea,
    lease interval, retention interval
) RETURNS boolean LANGUAGE plpgsql AS $claim$
DECLARE
    configured text := current_setting('lock_timeout');
    won boolean;
BEGIN
    PERFORM set_config('lock_timeout', '500ms', true);
    won := "idempotency_records_claim"(
        claim_key, claim_token, replaced, claim_attempt, claim_fingerprint, lease, retention);
    PERFORM set_config('lock_timeout', configured, true);
    RETURN won;
END
$claim$;
-- +goose StatementEnd

-- Completes or marks a claim in a transaction that is committed later. If the claim was lost, or
-- completed otherwise, it fails, so that the transaction cannot be committed. The retention is null for
-- one without end; a marked record keeps its own.
-- +goose StatementBegin
CREATE FUNCTION "idempotency_records_join"(
    claim_key bytea, claim_token uuid, new_state smallint, new_outcome bytea,
    retention interval, slack interval, channel text
) RETURNS void LANGUAGE plpgsql AS $claim$
DECLARE
    until timestamptz := clock_timestamp() + retention;
    is_watched boolean;
BEGIN
    UPDATE "idempotency_records" AS r SET
        state = new_state,
        outcome = new_outcome,
        retained_until = CASE WHEN new_state = 4 THEN r.retained_until ELSE coalesce(until, 'infinity') END,
        cleanup_at = CASE
            WHEN new_state <> 4 AND r.cleanup_at > until + slack THEN until
            ELSE r.cleanup_at
        END
    WHERE r.key = claim_key AND r.token = claim_token AND r.state IN (1, 4)
        AND r.retained_until > clock_timestamp()
    RETURNING r.watched INTO is_watched;
    IF NOT FOUND THEN
        PERFORM FROM "idempotency_records" AS r
        WHERE r.key = claim_key AND r.token = claim_token AND r.state = new_state
            AND r.outcome IS NOT DISTINCT FROM new_outcome;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the claim was lost or is finished' USING ERRCODE = 'no_data_found';
        END IF;
    ELSIF is_watched AND new_state <> 4 THEN
        PERFORM pg_notify(channel, encode(claim_key, 'hex') || replace(claim_token::text, '-', ''));
    END IF;
END
$claim$;
-- +goose StatementEnd

COMMENT ON TABLE "idempotency_records" IS 'Records of github.com/oncewire/idempotency, schema version 2';
