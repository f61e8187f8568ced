-- Smaller records: in a new file 104 bytes beside address, fingerprint and reply, instead of 205.
DROP TRIGGER idem_record_added;
DROP TRIGGER idem_record_removed;
DROP INDEX idem_record_expiry;
DROP INDEX idem_record_open;
ALTER TABLE idem_record RENAME TO idem_record_1;

-- One row per key. Rows that are done have the positive numbers, in the order in which they were done, so that they
-- fill their pages; all others have negative ones and move when they are done. Nothing is read from the number.
-- Times are microseconds since the Unix epoch. A renewal changes `until` of a running row, which is in no index.
CREATE TABLE idem_record (
    id          INTEGER PRIMARY KEY,
    address     BLOB    NOT NULL CHECK (length(address) = 32),
    format      INTEGER NOT NULL,           -- of this row; a process leaves formats alone that it does not know
    state       INTEGER NOT NULL,           -- 1 running, 2 done, 3 released, 4 unknown, 5 unwinding, 6 stuck
    fence       INTEGER NOT NULL,
    nonce       BLOB    NOT NULL,
    until       INTEGER,                    -- end of the lease while running; expiry once done or released
    attempts    INTEGER NOT NULL,
    after_crash INTEGER NOT NULL,           -- 0 unknown, 1 rerun
    recipe      INTEGER NOT NULL,           -- how the fingerprint was made
    digest      BLOB    NOT NULL,           -- the fingerprint
    created     INTEGER,                    -- where it is not the fence
    label       ANY     NOT NULL,           -- a number in idem_label, or the text itself
    key_hint    TEXT    NOT NULL,
    reply       BLOB                        -- once done. Last: reading a state needs no overflow page
) STRICT;

-- Operation, line feed, hint of the scope. The first thousand of a file are kept here, for good; where there are more,
-- the others are in their rows.
CREATE TABLE idem_label (
    id   INTEGER PRIMARY KEY,
    text TEXT    NOT NULL UNIQUE
) STRICT;

INSERT INTO idem_label (text)
    SELECT label FROM idem_record_1 GROUP BY label ORDER BY count(*) DESC LIMIT 1000;
INSERT INTO idem_record
    SELECT CASE state WHEN 2 THEN rowid ELSE -rowid END, address, format, state, fence, nonce, coalesce(lease, expires),
        attempts, after_crash, recipe, digest, nullif(created, fence),
        coalesce((SELECT id FROM idem_label WHERE text = label), label), key_hint, reply
    FROM idem_record_1 ORDER BY 1;
DROP TABLE idem_record_1;

-- Where a key is. Whole addresses of what is done would be a third of what idem adds to a reply; their first eight
-- bytes lead to a row, whose address is compared. That there is one row per address is seen to by the statements: the
-- one that adds a row looks for the address itself, and there is one writer at a time.
CREATE INDEX idem_record_done ON idem_record (substr(address, 1, 8)) WHERE state = 2;
-- The same for the others, and for sweeping, lists and counts. Small: most records are done.
CREATE INDEX idem_record_open ON idem_record (state, address) WHERE state <> 2;
-- For reaping, in steps of about four seconds, which take half as many bytes as microseconds.
CREATE INDEX idem_record_expiry ON idem_record (until >> 22) WHERE state IN (2, 3);

-- Kept by triggers, so that it is exact whoever writes, an operator's shell included.
CREATE TRIGGER idem_record_added AFTER INSERT ON idem_record BEGIN
    UPDATE idem_meta SET value = value + 1 WHERE name = 'records';
END;
CREATE TRIGGER idem_record_removed AFTER DELETE ON idem_record BEGIN
    UPDATE idem_meta SET value = value - 1 WHERE name = 'records';
END;
UPDATE idem_meta SET value = 2 WHERE name = 'schema';
