-- +goose Up
-- Version 1: the table of records and the function that inserts a claim.
--
-- The quoted names are those of the default table. For another table, let pgstore.Migrate or
-- pgstore.Migrations fill in the names.

-- cleanup_at is when the clean-up looks at a record. Beside the key it alone is indexed, and steps
-- change it only if it is much later than retained_until, so that heartbeats and completions are HOT
-- updates.
--
-- The parameters of the table have autovacuum reuse the room of deleted records soon. They also keep
-- the planner from reading the whole table: it caches plans, and would choose that while the table is
-- tiny, so statistics are gathered late and the file never shrinks.
CREATE TABLE "idempotency_records" (
    key bytea NOT NULL PRIMARY KEY,
    token uuid NOT NULL,
    attempt integer NOT NULL,
    fingerprint bytea NOT NULL,
    state smallint NOT NULL, -- 1 running, 2 done, 3 not kept
    watched boolean NOT NULL DEFAULT false, -- the end of the claim is notified
    lease_until timestamptz NOT NULL,
    retained_until timestamptz NOT NULL, -- infinity for a retention without end
    cleanup_at timestamptz NOT NULL,
    outcome bytea, -- of a record that is done
    CONSTRAINT key_is_a_digest CHECK (octet_length(key) = 32),
    CONSTRAINT fingerprint_is_a_digest CHECK (octet_length(fingerprint) = 33),
    CONSTRAINT state_is_known CHECK (state IN (1, 2, 3)),
    CONSTRAINT lease_is_finite CHECK (isfinite(lease_until)),
    CONSTRAINT outcome_fits_state CHECK ((state = 2) = (outcome IS NOT NULL))
) WITH (
    fillfactor = 90,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05,
    autovacuum_analyze_threshold = 10000,
    vacuum_truncate = false,
    toast.autovacuum_vacuum_scale_factor = 0.02,
    toast.autovacuum_vacuum_threshold = 1000
);

CREATE INDEX ON "idempotency_records" (cleanup_at);

-- Inserts a claim, or puts it in the place of a record that is absent or may be taken over. Returns
-- false if the key has another record by now. The retention is null for one without end.
-- +goose StatementBegin
CREATE FUNCTION "idempotency_records_claim"(
    claim_key bytea, claim_token uuid, replaced uuid, claim_attempt integer, claim_fingerprint bytea,
    lease interval, retention interval
) RETURNS boolean LANGUAGE plpgsql AS $claim$
DECLARE
    until timestamptz := clock_timestamp() + lease;
    retained timestamptz := coalesce(until + retention, 'infinity');
BEGIN
    INSERT INTO "idempotency_records" AS r
        (key, token, attempt, fingerprint, state, lease_until, retained_until, cleanup_at)
    VALUES (claim_key, claim_token, claim_attempt, claim_fingerprint, 1, until, retained, retained)
    ON CONFLICT (key) DO UPDATE SET
        token = excluded.token, attempt = excluded.attempt, fingerprint = excluded.fingerprint,
        state = 1, watched = false, outcome = NULL,
        lease_until = clock_timestamp() + lease,
        retained_until = coalesce(clock_timestamp() + lease + retention, 'infinity'),
        cleanup_at = coalesce(clock_timestamp() + lease + retention, 'infinity')
    WHERE r.retained_until <= clock_timestamp()
        OR r.state = 1 AND r.token = replaced AND r.lease_until <= clock_timestamp();
    RETURN FOUND;
END
$claim$;
-- +goose StatementEnd

COMMENT ON TABLE "idempotency_records" IS 'Records of github.com/oncewire/idempotency, schema version 1';
