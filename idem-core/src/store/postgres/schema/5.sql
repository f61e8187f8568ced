-- idem, schema 5: what the handler of a record's newest claim said about it. Retention and lease are microseconds; -1 where
-- an older version claimed. Defaults and no NULL: no row is rewritten, and none pays for a map of its columns. No column
-- has the name of a parameter of the older functions, which would then not know what is meant.
ALTER TABLE {table}
    ADD COLUMN handler_retention bigint NOT NULL DEFAULT -1,
    ADD COLUMN handler_lease bigint NOT NULL DEFAULT -1,
    ADD COLUMN namespace text NOT NULL DEFAULT '';

-- Beside the older functions, which stay as they are: processes of the version before go on calling them.

CREATE FUNCTION {table_load_5}(addresses bytea[]) RETURNS TABLE (
    r_clock bigint, r_address bytea, r_format smallint, r_state smallint, r_fence bigint, r_nonce bytea, r_until bigint,
    r_attempts integer, r_after_crash smallint, r_recipe smallint, r_digest bytea, r_created bigint, r_label text,
    r_key_hint text, r_reply bytea, r_audit text, r_retention bigint, r_lease bigint, r_namespace text
) LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, r.address, r.format, r.state, r.fence, r.nonce,
           r.until, r.attempts, r.after_crash, r.recipe, r.digest, r.created, r.label, r.key_hint, r.reply, r.audit,
           r.handler_retention, r.handler_lease, r.namespace
    FROM unnest(addresses) AS w (address)
    CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE t.address = w.address OFFSET 0) r;
END $$;

CREATE FUNCTION {table_change_5}(
    at bytea, old_state smallint, old_fence bigint, old_nonce bytea, old_until bigint, new_state smallint,
    new_fence bigint, new_nonce bytea, new_until bigint, new_attempts integer, new_after_crash smallint,
    new_recipe smallint, new_digest bytea, new_created bigint, new_label text, new_key_hint text, new_reply bytea,
    new_audit text, new_retention bigint, new_lease bigint, new_namespace text
) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF new_state IS NULL THEN
        DELETE FROM {table} WHERE address = at AND format = 1 AND state = old_state AND fence = old_fence
            AND nonce = old_nonce AND until = old_until;
    ELSE
        UPDATE {table} SET state = new_state, fence = new_fence, nonce = new_nonce, until = new_until,
            attempts = new_attempts, after_crash = new_after_crash, recipe = new_recipe, digest = new_digest,
            created = new_created, label = new_label, key_hint = new_key_hint, reply = new_reply, audit = new_audit,
            handler_retention = new_retention, handler_lease = new_lease, namespace = new_namespace
        WHERE address = at AND format = 1 AND state = old_state AND fence = old_fence AND nonce = old_nonce
            AND until = old_until;
    END IF;
    RETURN FOUND;
END $$;

-- A record that is released lives as long as its handler said, and `otherwise` if nothing is known of that.
CREATE FUNCTION {table_sweep_5}(grace bigint, otherwise bigint, most integer)
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
                AND o.recipe BETWEEN 0 AND 3 AND o.after_crash BETWEEN 0 AND 1
            ORDER BY o.created LIMIT most FOR NO KEY UPDATE SKIP LOCKED
        ) x
        WHERE t.ctid = x.place
        RETURNING t.state
    )
    SELECT count(*) FILTER (WHERE m.state = 4), count(*) FILTER (WHERE m.state = 3) FROM moved m;
END $$;

CREATE FUNCTION {table_claim_here_5}(
    turn bigint, lease bigint, at bytea, its_nonce bytea, policy smallint, its_recipe smallint, its_digest bytea,
    its_label text, hint text, its_retention bigint, its_lease bigint, its_namespace text
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    IF pg_try_advisory_xact_lock(turn) THEN
        INSERT INTO {table} (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe,
            digest, label, key_hint, reply, handler_retention, handler_lease, namespace)
        VALUES (clock, clock + lease, clock, 1, 1, 1, at, its_nonce, policy, its_recipe, its_digest, its_label, hint,
            '', its_retention, its_lease, its_namespace)
        ON CONFLICT (address) DO NOTHING;
        IF FOUND THEN RETURN; END IF;
    END IF;
    RAISE EXCEPTION 'idem: the key is not new' USING ERRCODE = 'IDEM1';
END $$;

-- From here on, this is the number of the schema, and `{table_version}` stays the oldest schema that a process may know
-- which uses the table. Versions that know no `{table_schema}` ask for that only, and go on.
CREATE FUNCTION {table_schema}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 5 $$;
