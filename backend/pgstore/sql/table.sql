-- What a table is like; no row if there is none. One with partitions counts as one without a unique
-- index: the clean-up finds rows by ctid, which is unique within one partition.
--
-- Parameters: name of the table, signature of the function.
SELECT
    coalesce((regexp_match(obj_description(c.oid, 'pg_class'), 'schema version ([0-9]{1,9})'))[1], '0')::integer,
    ARRAY(
        SELECT a.attname::text || ' ' || format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ),
    c.relkind <> 'p' AND EXISTS (
        SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'key'
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
            AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
    ),
    ARRAY(
        SELECT p FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS p
        WHERE NOT has_table_privilege(c.oid, p)
    ),
    to_regprocedure($2) IS NOT NULL,
    coalesce(has_function_privilege(to_regprocedure($2), 'EXECUTE'), false),
    c.relpersistence = 'u'
FROM pg_class AS c WHERE c.oid = to_regclass($1)
