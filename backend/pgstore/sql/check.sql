-- What the server, the session and the role are like. The names are parameters here, as neither the
-- table nor its schema need exist.
--
-- Parameters: schema or null.
SELECT
    current_setting('server_version_num')::integer,
    pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
    current_setting('synchronous_commit'),
    current_setting('fsync')::boolean,
    current_setting('full_page_writes')::boolean,
    clock_timestamp(),
    $1::text IS NULL OR EXISTS (SELECT FROM pg_namespace WHERE nspname = $1::text),
    $1::text IS NULL OR coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1::text), false)
