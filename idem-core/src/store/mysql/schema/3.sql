-- idem, schema 3: what the handler of a record's newest claim said about it. Retention and lease are microseconds; -1 where
-- an older version claimed. From here on the number of the schema is in the comment of the column `namespace`, written in
-- the same statement; that in the comment of the table stays the oldest schema that a process may know which uses it.
-- Versions that know only that go on.
ALTER TABLE {table}
    ADD COLUMN handler_retention BIGINT NOT NULL DEFAULT -1,
    ADD COLUMN handler_lease BIGINT NOT NULL DEFAULT -1,
    ADD COLUMN namespace VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT ''
        COMMENT 'idem schema 3'
