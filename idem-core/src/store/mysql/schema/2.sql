-- idem, schema 2: the last order of an operator or a verify hook about a record, as a line of text; empty where there was
-- none. The comment in the same statement, as in schema 1.
ALTER TABLE {table}
    ADD COLUMN audit VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    COMMENT = 'idem schema 2'
