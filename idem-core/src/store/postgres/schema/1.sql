-- idem, schema 1. Times are microseconds since 1970. `until` is the end of the lease while the record is running
-- (state 1), and its expiry once it is done (2) or released (3).
CREATE TABLE {table} (
    fence bigint NOT NULL,
    until bigint NOT NULL,
    created bigint NOT NULL,
    attempts integer NOT NULL,
    format smallint NOT NULL,
    state smallint NOT NULL,
    after_crash smallint NOT NULL,
    recipe smallint NOT NULL,
    address bytea PRIMARY KEY,
    nonce bytea NOT NULL,
    digest bytea NOT NULL,
    label text NOT NULL,
    key_hint text NOT NULL,
    reply bytea NOT NULL
);

-- What has expired, and what is not done. The lease is in no index, so that renewals stay cheap.
CREATE INDEX {name}_expiry ON {table} (until) WHERE state IN (2, 3);
CREATE INDEX {name}_open ON {table} (created) WHERE state <> 2;

-- Functions, because their settings pin the plans whatever the table's statistics say, on any connection: an index is
-- used even while the table looks empty, and the plan is made once. (A claim needs none: an INSERT has one plan.)

-- Moves a record to its end if the guard holds; whether it did.
CREATE FUNCTION {table_finish_one}(
    at bytea, its_fence bigint, its_nonce bytea, new_state smallint, also_from smallint, retention bigint,
    new_reply bytea
) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    UPDATE {table} SET state = new_state, until = coalesce(clock + retention, 0), reply = new_reply
    WHERE address = at AND format = 1 AND fence = its_fence AND nonce = its_nonce AND state IN (1, also_from);
    RETURN FOUND;
END $$;

-- The same for many; the addresses that were moved. A row is found, locked and named by its place, in the order given,
-- so that no other plan is possible.
CREATE FUNCTION {table_finish}(
    addresses bytea[], fences bigint[], nonces bytea[], states smallint[], also_from smallint[], retentions bigint[],
    replies bytea[]
) RETURNS TABLE (r_address bytea) LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    RETURN QUERY
    UPDATE {table} t SET state = x.state, until = coalesce(clock + x.retention, 0), reply = x.reply
    FROM (
        SELECT w.state, w.retention, w.reply, r.place
        FROM unnest(addresses, fences, nonces, states, also_from, retentions, replies)
            AS w (address, fence, nonce, state, also_from, retention, reply)
        CROSS JOIN LATERAL (
            SELECT o.ctid AS place FROM {table} o
            WHERE o.address = w.address AND o.format = 1 AND o.fence = w.fence AND o.nonce = w.nonce
                AND o.state IN (1, w.also_from)
            OFFSET 0 FOR NO KEY UPDATE
        ) r
    ) x
    WHERE t.ctid = x.place
    RETURNING t.address;
END $$;

-- The records as they stand. Volatile, so that it sees what was committed after the statement began that calls it.
CREATE FUNCTION {table_load}(addresses bytea[]) RETURNS TABLE (
    r_clock bigint, r_address bytea, r_format smallint, r_state smallint, r_fence bigint, r_nonce bytea, r_until bigint,
    r_attempts integer, r_after_crash smallint, r_recipe smallint, r_digest bytea, r_created bigint, r_label text,
    r_key_hint text, r_reply bytea
) LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, r.address, r.format, r.state, r.fence, r.nonce,
           r.until, r.attempts, r.after_crash, r.recipe, r.digest, r.created, r.label, r.key_hint, r.reply
    FROM unnest(addresses) AS w (address)
    CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE t.address = w.address OFFSET 0) r;
END $$;

-- Writes a record anew, or deletes it, if it still is as it was read.
CREATE FUNCTION {table_change}(
    at bytea, old_state smallint, old_fence bigint, old_nonce bytea, old_until bigint, new_state smallint,
    new_fence bigint, new_nonce bytea, new_until bigint, new_attempts integer, new_after_crash smallint,
    new_recipe smallint, new_digest bytea, new_created bigint, new_label text, new_key_hint text, new_reply bytea
) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF new_state IS NULL THEN
        DELETE FROM {table} WHERE address = at AND format = 1 AND state = old_state AND fence = old_fence
            AND nonce = old_nonce AND until = old_until;
    ELSE
        UPDATE {table} SET state = new_state, fence = new_fence, nonce = new_nonce, until = new_until,
            attempts = new_attempts, after_crash = new_after_crash, recipe = new_recipe, digest = new_digest,
            created = new_created, label = new_label, key_hint = new_key_hint, reply = new_reply
        WHERE address = at AND format = 1 AND state = old_state AND fence = old_fence AND nonce = old_nonce
            AND until = old_until;
    END IF;
    RETURN FOUND;
END $$;

-- Pushes leases on; the addresses that were. A locked row is alive, and is skipped.
CREATE FUNCTION {table_renew}(addresses bytea[], fences bigint[], nonces bytea[], leases bigint[])
RETURNS TABLE (r_address bytea) LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    RETURN QUERY
    UPDATE {table} t SET until = greatest(t.until, clock + x.lease)
    FROM (
        SELECT w.lease, r.place
        FROM unnest(addresses, fences, nonces, leases) AS w (address, fence, nonce, lease)
        CROSS JOIN LATERAL (
            SELECT o.ctid AS place FROM {table} o
            WHERE o.address = w.address AND o.format = 1 AND o.fence = w.fence AND o.nonce = w.nonce AND o.state = 1
            OFFSET 0 FOR NO KEY UPDATE SKIP LOCKED
        ) r
    ) x
    WHERE t.ctid = x.place
    RETURNING t.address;
END $$;

-- Moves abandoned records on, as their owners asked for; how many became unknown, and how many were released.
CREATE FUNCTION {table_sweep}(grace bigint, retention bigint, most integer)
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
            until = CASE t.after_crash WHEN 0 THEN 0 ELSE clock + retention END
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

-- Drops expired records; how many.
CREATE FUNCTION {table_reap}(most integer) RETURNS bigint LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    gone bigint;
BEGIN
    DELETE FROM {table} t
    USING (
        SELECT o.ctid AS place FROM {table} o
        WHERE o.state IN (2, 3) AND o.until <= clock AND o.format = 1 AND o.recipe BETWEEN 0 AND 3
            AND o.after_crash BETWEEN 0 AND 1
        ORDER BY o.until LIMIT most FOR UPDATE SKIP LOCKED
    ) x
    WHERE t.ctid = x.place;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- Last, so that a version is only there when everything else is.
CREATE FUNCTION {table_version}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$;
