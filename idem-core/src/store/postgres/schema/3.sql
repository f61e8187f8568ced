-- idem, schema 3: the last order of an operator or a verify hook about a record, as a line of text. Empty where there was
-- none: a NULL would cost every row a map of its columns.
ALTER TABLE {table} ADD COLUMN audit text NOT NULL DEFAULT '';

-- Anew, because what a function returns and takes cannot be changed. Processes that know only the older ones are refused
-- by the server from here on.
DROP FUNCTION {table_load}(bytea[]);
CREATE FUNCTION {table_load}(addresses bytea[]) RETURNS TABLE (
    r_clock bigint, r_address bytea, r_format smallint, r_state smallint, r_fence bigint, r_nonce bytea, r_until bigint,
    r_attempts integer, r_after_crash smallint, r_recipe smallint, r_digest bytea, r_created bigint, r_label text,
    r_key_hint text, r_reply bytea, r_audit text
) LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, r.address, r.format, r.state, r.fence, r.nonce,
           r.until, r.attempts, r.after_crash, r.recipe, r.digest, r.created, r.label, r.key_hint, r.reply, r.audit
    FROM unnest(addresses) AS w (address)
    CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE t.address = w.address OFFSET 0) r;
END $$;

DROP FUNCTION {table_change}(
    bytea, smallint, bigint, bytea, bigint, smallint, bigint, bytea, bigint, integer, smallint, smallint, bytea, bigint,
    text, text, bytea
);
CREATE FUNCTION {table_change}(
    at bytea, old_state smallint, old_fence bigint, old_nonce bytea, old_until bigint, new_state smallint,
    new_fence bigint, new_nonce bytea, new_until bigint, new_attempts integer, new_after_crash smallint,
    new_recipe smallint, new_digest bytea, new_created bigint, new_label text, new_key_hint text, new_reply bytea,
    new_audit text
) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF new_state IS NULL THEN
        DELETE FROM {table} WHERE address = at AND format = 1 AND state = old_state AND fence = old_fence
            AND nonce = old_nonce AND until = old_until;
    ELSE
        UPDATE {table} SET state = new_state, fence = new_fence, nonce = new_nonce, until = new_until,
            attempts = new_attempts, after_crash = new_after_crash, recipe = new_recipe, digest = new_digest,
            created = new_created, label = new_label, key_hint = new_key_hint, reply = new_reply, audit = new_audit
        WHERE address = at AND format = 1 AND state = old_state AND fence = old_fence AND nonce = old_nonce
            AND until = old_until;
    END IF;
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION {table_version}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 3 $$;
