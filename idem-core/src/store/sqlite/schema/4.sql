-- What the handler of a record's newest claim said about it: retention and lease, in microseconds or in seconds with an `s`, and
-- the namespace, as one text with spaces between; a number in idem_terms, or the text itself. NULL in rows that an older version claimed.
ALTER TABLE idem_record ADD COLUMN terms ANY;

-- The first thousand of a file are kept here, for good, as labels are.
CREATE TABLE idem_terms (
    id   INTEGER PRIMARY KEY,
    text TEXT    NOT NULL UNIQUE
) STRICT;

-- From here on, `current_schema` is the number of this schema, and `schema` stays the oldest one that a process may know
-- which uses the file. Versions that know no `current_schema` ask for `schema` only, and go on.
INSERT INTO idem_meta (name, value) VALUES ('current_schema', 4);
