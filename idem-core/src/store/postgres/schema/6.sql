-- idem, schema 6: a sweep moves the records of its namespace, and those that name none. Records with the newest kind of
-- fingerprint expire as all others do. The table is not locked.

-- Beside the older function, which processes of schema 5 go on calling.
CREATE FUNCTION {table_sweep_6}(its_namespace text, grace bigint, otherwise bigint, most integer)
RETURNS TABLE (r_unknown bigint, r_released bigint) LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    RETURN QUERY
    WITH moved AS (
        UPDATE {table} t SET
            state = CASE t.after_crash WHEN 0 THEN 4 ELSE 3 END,
            until = CASE
                WHEN t.after_crash = 0 THEN 0
                WHEN t.handler_retention < 0 THEN clock + otherwise
                ELSE clock + t.handler_retention
            END
        FROM (
            SELECT o.ctid AS place FROM {table} o
            WHERE o.state <> 2 AND o.state = 1 AND o.until <= clock - grace AND o.format = 1
                AND o.recipe BETWEEN 0 AND 4 AND o.after_crash BETWEEN 0 AND 1
                AND (o.handler_retention < 0 OR o.namespace = its_namespace COLLATE "C")
            ORDER BY o.created LIMIT most FOR NO KEY UPDATE SKIP LOCKED
        ) x
        WHERE t.ctid = x.place
        RETURNING t.state
    )
    SELECT count(*) FILTER (WHERE m.state = 4), count(*) FILTER (WHERE m.state = 3) FROM moved m;
END $$;

CREATE OR REPLACE FUNCTION {table_reap}(most integer) RETURNS bigint LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    gone bigint;
BEGIN
    DELETE FROM {table} t
    USING (
        SELECT o.ctid AS place FROM {table} o
        WHERE o.state IN (2, 3) AND o.until <= clock AND o.format = 1 AND o.recipe BETWEEN 0 AND 4
            AND o.after_crash BETWEEN 0 AND 1
        ORDER BY o.until LIMIT most FOR UPDATE SKIP LOCKED
    ) x
    WHERE t.ctid = x.place;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

CREATE OR REPLACE FUNCTION {table_schema}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 6 $$;
