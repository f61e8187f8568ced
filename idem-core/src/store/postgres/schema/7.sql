-- idem, schema 7: the functions name the table with its schema. What a transaction that calls them has set as its search path
-- does not matter. They stay the same otherwise. The table is not locked.
DO $idem$
DECLARE
    place name := (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = E'{table}'::regclass);
    function record;
BEGIN
    FOR function IN
        SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = place AND p.prokind = 'f' AND starts_with(p.proname, '{name}_') AND p.prosrc ~ '(^|[^.])"{name}"'
    LOOP
        EXECUTE regexp_replace(function.text, '(^|[^.])"{name}"', E'\\1' || replace(quote_ident(place), E'\\', E'\\\\') || '."{name}"', 'g');
    END LOOP;
END $idem$;

CREATE OR REPLACE FUNCTION {table_schema}() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 7 $$;
