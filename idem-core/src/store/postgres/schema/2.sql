-- idem, schema 2: records that are completed in the transaction which claimed them.

-- Completes a record if the guard holds; whether it did. `xmin` is the transaction that wrote the row: one that was
-- committed in the middle, and goes on in another, completes nothing.
CREATE FUNCTION {table_finish_here}(at bytea, its_fence bigint, its_nonce bytea, retention bigint, new_reply bytea)
RETURNS boolean LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    UPDATE {table} SET state = 2, until = clock + retention, reply = new_reply
    WHERE address = at AND format = 1 AND fence = its_fence AND nonce = its_nonce AND state = 1
        AND xmin::text::bigint = (txid_current() & 4294967295);
    RETURN FOUND;
END $$;

-- Last, so that a version is only there when everything else is.
CREATE OR REPLACE FUNCTION {table_version}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 2 $$;
