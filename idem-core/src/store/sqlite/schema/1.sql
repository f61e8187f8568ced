-- One row per key. A table with rowids, although addresses would do as primary key: without rowids, a row beyond a
-- kilobyte spills into a page of its own, and random addresses leave every page a third empty (measured with replies
-- of 1 KiB: 4,750 bytes a record instead of 1,440). `reply` comes last: reading a state needs no overflow page.
-- Times are microseconds since the Unix epoch. `lease` is in no index: a renewal rewrites one row and nothing else.
CREATE TABLE idem_record (
    address     BLOB    NOT NULL UNIQUE CHECK (length(address) = 32),
    format      INTEGER NOT NULL,           -- of this row; a process leaves formats alone that it does not know
    state       INTEGER NOT NULL,           -- 1 running, 2 done, 3 released, 4 unknown, 5 unwinding, 6 stuck
    fence       INTEGER NOT NULL,
    nonce       BLOB    NOT NULL,
    lease       INTEGER,                    -- while running
    expires     INTEGER,                    -- once done or released
    attempts    INTEGER NOT NULL,
    after_crash INTEGER NOT NULL,           -- 0 unknown, 1 rerun
    recipe      INTEGER NOT NULL,           -- how the fingerprint was made
    digest      BLOB    NOT NULL,           -- the fingerprint
    created     INTEGER NOT NULL,
    label       TEXT    NOT NULL,           -- operation, line feed, hint of the scope
    key_hint    TEXT    NOT NULL,
    reply       BLOB                        -- once done
) STRICT;

-- For reaping, and for counting what is done.
CREATE INDEX idem_record_expiry ON idem_record (expires, state) WHERE state IN (2, 3);
-- For sweeping, and for an operator's lists and counts. Small: most records are done.
CREATE INDEX idem_record_open ON idem_record (state, address) WHERE state <> 2;

CREATE TABLE idem_meta (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO idem_meta (name, value) VALUES ('schema', 1), ('records', 0);

-- Kept by triggers, so that it is exact whoever writes, an operator's shell included.
CREATE TRIGGER idem_record_added AFTER INSERT ON idem_record BEGIN
    UPDATE idem_meta SET value = value + 1 WHERE name = 'records';
END;
CREATE TRIGGER idem_record_removed AFTER DELETE ON idem_record BEGIN
    UPDATE idem_meta SET value = value - 1 WHERE name = 'records';
END;
