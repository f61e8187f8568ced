-- idem, schema 2: records that are completed in the transaction which claimed them.

-- Claims a new record, in the message that begins a transaction. Such a message brings nothing back but an error.
CREATE FUNCTION {table_claim_here}(
    turn bigint, lease bigint, at bytea, its_nonce bytea, policy smallint, its_recipe smallint, its_digest bytea,
    its_label text, hint text
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    IF pg_try_advisory_xact_lock(turn) THEN
        INSERT INTO {table} (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe,
            digest, label, key_hint, reply)
        VALUES (clock, clock + lease, clock, 1, 1, 1, at, its_nonce, policy, its_recipe, its_digest, its_label, hint, '')
        ON CONFLICT (address) DO NOTHING;
        IF FOUND THEN RETURN; END IF;
    END IF;
    RAISE EXCEPTION 'idem: the key is not new' USING ERRCODE = 'IDEM1';
END $$;

-- Completes a record if the guard holds; whether it did. `xmin` is the transaction that wrote the row: one that was
-- committed in the middle, and goes on in another, completes nothing.
CREATE FUNCTION {table_finish_here}(at bytea, its_fence bigint, its_nonce bytea, retention bigint, new_reply bytea)
RETURNS boolean LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    UPDATE {table} SET state = 2, until = clock + retention, reply = new_reply
    WHERE address = at AND format = 1 AND fence = coalesce(its_fence, fence) AND nonce = its_nonce AND state = 1
        AND xmin::text::bigint = (txid_current() & 4294967295);
    RETURN FOUND;
END $$;

-- Last, so that a version is only there when everything else is.
CREATE OR REPLACE FUNCTION {table_version}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 2 $$;
