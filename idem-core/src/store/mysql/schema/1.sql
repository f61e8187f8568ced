-- idem, schema 1. Times are microseconds since 1970. `until` is the end of the lease while the record is running
-- (state 1), and its expiry once it is done (2) or released (3). The comment of the table holds the schema's version:
-- made in the same statement, because every change of a table commits by itself.
CREATE TABLE IF NOT EXISTS {table} (
    address VARBINARY(32) NOT NULL,
    fence BIGINT NOT NULL,
    until BIGINT NOT NULL,
    created BIGINT NOT NULL,
    attempts INT NOT NULL,
    format SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    after_crash SMALLINT NOT NULL,
    recipe SMALLINT NOT NULL,
    nonce VARBINARY(16) NOT NULL,
    digest VARBINARY(32) NOT NULL,
    label VARCHAR(180) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    key_hint VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reply LONGBLOB NOT NULL,
    PRIMARY KEY (address),
    -- What has lapsed or expired, in the order in which it did; and what is in one state.
    KEY due (state, until)
) ENGINE = InnoDB COMMENT = 'idem schema 1'
