-- idem, schema 4: what a transaction asks about its own record, whatever the table's statistics say.

-- Whether the record is this very transaction's. See `{table_finish_here}`.
CREATE FUNCTION {table_holds_here}(at bytea, its_nonce bytea) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM {table} WHERE address = at AND nonce = its_nonce
            AND xmin::text::bigint = (txid_current() & 4294967295)
    );
END $$;

-- Of one row, a bitmap is as good as the index, and the generic plan is chosen soon: each setting costs some microseconds
-- a call.
ALTER FUNCTION {table_finish_here}(bytea, bigint, bytea, bigint, bytea) RESET plan_cache_mode;
ALTER FUNCTION {table_finish_here}(bytea, bigint, bytea, bigint, bytea) RESET enable_bitmapscan;

CREATE OR REPLACE FUNCTION {table_version}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 4 $$;
