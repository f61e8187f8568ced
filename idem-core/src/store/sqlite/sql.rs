//! The statements. Every plan is pinned by `INDEXED BY`: it goes by that index, or it is an error.

/// The columns that a row is read from, in the order that [`row`](super::row) expects.
macro_rules! columns {
    () => {
        "address, format, state, fence, nonce, until, attempts, after_crash, recipe, digest, \
         coalesce(created, fence), CASE typeof(label) WHEN 'integer' THEN \
         (SELECT text FROM idem_label WHERE idem_label.id = label) ELSE label END, key_hint, reply, audit, \
         CASE typeof(terms) WHEN 'integer' THEN \
         (SELECT text FROM idem_terms WHERE idem_terms.id = terms) ELSE terms END"
    };
}

/// What this code can judge. A row beyond it is neither matched nor written.
macro_rules! known {
    () => {
        "format = 1 AND recipe BETWEEN 0 AND 4 AND after_crash BETWEEN 0 AND 1"
    };
}

/// Ways to the row at an address: one among what is done, and one among the rest.
macro_rules! done {
    () => {
        "idem_record INDEXED BY idem_record_done"
    };
}
macro_rules! open {
    () => {
        "idem_record INDEXED BY idem_record_open"
    };
}
/// The first bytes find the row in the index, the whole address decides.
macro_rules! is_done {
    () => {
        "state = 2 AND substr(address, 1, 8) = substr(?1, 1, 8) AND address = ?1"
    };
}
macro_rules! is_open {
    ($which:literal) => {
        concat!("state <> 2 AND ", $which, " AND address = ?1")
    };
}

/// The number of the row at address ?1, in any state. A state that only a newer version knows counts.
macro_rules! at_address {
    () => {
        concat!(
            "SELECT id FROM ",
            open!(),
            " WHERE ",
            is_open!("state IN (1, 3, 4, 5, 6)"),
            " UNION ALL SELECT id FROM ",
            done!(),
            " WHERE ",
            is_done!(),
            " UNION ALL SELECT id FROM ",
            open!(),
            " WHERE ",
            is_open!("state > 6"),
            " UNION ALL SELECT id FROM ",
            open!(),
            " WHERE ",
            is_open!("state < 1")
        )
    };
}

/// The row as it was read, at address ?1.
macro_rules! unchanged {
    () => {
        " AND format = 1 AND state = ?2 AND fence = ?3 AND nonce = ?4 AND until IS ?5"
    };
}

/// A statement for either place of the row that it changes.
macro_rules! in_both {
    ($(#[$docs:meta])* $name:ident: $before:expr, $after:expr) => {
        $(#[$docs])*
        pub(super) const $name: Both = Both {
            done: concat!($before, done!(), $after, " WHERE ", is_done!(), unchanged!()),
            open: concat!($before, open!(), $after, " WHERE ", is_open!("state = ?2"), unchanged!()),
        };
    };
}

/// A row's number says where in the file it is: what is done is added at the end, so that pages fill up.
macro_rules! last {
    () => {
        "max(coalesce((SELECT max(id) FROM idem_record), 0), 0) + 1"
    };
}
macro_rules! first {
    () => {
        "min(coalesce((SELECT min(id) FROM idem_record), 0), 0) - 1"
    };
}
macro_rules! number {
    ($state:literal) => {
        concat!(
            "CASE WHEN (state = 2) = (",
            $state,
            " = 2) THEN id WHEN ",
            $state,
            " = 2 THEN ",
            last!(),
            " ELSE ",
            first!(),
            " END"
        )
    };
}

/// The label's number, or the label.
macro_rules! label {
    ($text:literal) => {
        concat!("coalesce((SELECT idem_label.id FROM idem_label WHERE text = ", $text, "), ", $text, ")")
    };
}

/// The same of what a handler said about its record.
macro_rules! terms {
    ($text:literal) => {
        concat!("coalesce((SELECT idem_terms.id FROM idem_terms WHERE text = ", $text, "), ", $text, ")")
    };
}

/// The namespace in a text of [`Terms`](crate::protocol::Terms): what stands behind its second space.
macro_rules! namespace_in {
    ($text:literal) => {
        concat!(
            "substr(substr(",
            $text,
            ", instr(",
            $text,
            ", ' ') + 1), instr(substr(",
            $text,
            ", instr(",
            $text,
            ", ' ') + 1), ' ') + 1)"
        )
    };
}

/// True of rows of the namespace, and of those that name none.
macro_rules! seen_in {
    ($namespace:literal) => {
        concat!(
            "(terms IS NULL OR CASE typeof(terms) WHEN 'integer' THEN \
             terms IN (SELECT idem_terms.id FROM idem_terms WHERE ",
            namespace_in!("text"),
            " = ",
            $namespace,
            ") ELSE ",
            namespace_in!("terms"),
            " = ",
            $namespace,
            " END)"
        )
    };
}

/// One statement in two forms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Both {
    /// For a row that is done.
    pub(super) done: &'static str,
    /// For any other.
    pub(super) open: &'static str,
}

/// Takes the write lock at once: a transaction that reads first would fail on a newer write, and no timeout helps it.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
/// For several reads of one moment.
pub(super) const BEGIN_READING: &str = "BEGIN";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

pub(super) const HAS_META: &str =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'idem_meta'";
/// The schema, and the oldest code that may use it, by its schema. Up to schema 3 they are the same.
pub(super) const SCHEMA: &str = "SELECT max(value), max(value) FILTER (WHERE name = 'schema') FROM idem_meta \
     WHERE name IN ('schema', 'current_schema')";

pub(super) const RECORDS: &str = "SELECT value FROM idem_meta WHERE name = 'records'";

/// The row at an address.
pub(super) const LOAD: &str =
    concat!("SELECT ", columns!(), " FROM idem_record WHERE id = (", at_address!(), " LIMIT 1)");

pub(super) const ABANDONED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM idem_record INDEXED BY idem_record_open \
     WHERE state <> 2 AND state = 1 AND until <= ?1 AND ",
    known!(),
    " AND ",
    seen_in!("?3"),
    " LIMIT ?2"
);

pub(super) const REAP: &str = concat!(
    "DELETE FROM idem_record WHERE id IN (SELECT id FROM idem_record INDEXED BY idem_record_expiry \
     WHERE state IN (2, 3) AND until >> 22 <= ?1 >> 22 AND until <= ?1 AND ",
    known!(),
    " ORDER BY until >> 22 LIMIT ?2)"
);

pub(super) const LIST_DONE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM ",
    done!(),
    " WHERE state = 2 AND state = ?1 \
     AND substr(address, 1, 8) >= coalesce(substr(?2, 1, 8), x'') AND address > ?2 AND ",
    seen_in!("?4"),
    " ORDER BY substr(address, 1, 8), address LIMIT ?3"
);
pub(super) const LIST_OPEN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM idem_record INDEXED BY idem_record_open \
     WHERE state <> 2 AND state = ?1 AND address > ?2 AND ",
    seen_in!("?4"),
    " ORDER BY address LIMIT ?3"
);

/// Where all texts of the file are numbered and of the namespace, the index has the answer, and no row is read.
pub(super) const COUNT_DONE: &str = concat!(
    "SELECT CASE WHEN (SELECT count(*) FROM idem_terms) < 1000 AND NOT EXISTS (SELECT 1 FROM idem_terms WHERE ",
    namespace_in!("text"),
    " <> ?2) THEN (SELECT count(*) FROM ",
    done!(),
    " WHERE state = 2 AND state = ?1) ELSE (SELECT count(*) FROM ",
    done!(),
    " WHERE state = 2 AND state = ?1 AND ",
    seen_in!("?2"),
    ") END"
);
pub(super) const COUNT_OPEN: &str = concat!(
    "SELECT count(*) FROM idem_record INDEXED BY idem_record_open WHERE state <> 2 AND state = ?1 AND ",
    seen_in!("?2")
);

/// What waits in namespace ?1, by state: running, unknown, unwinding, stuck; and the oldest fence of what is unknown.
pub(super) const TALLY: &str = concat!(
    "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 4), count(*) FILTER (WHERE state = 5), \
     count(*) FILTER (WHERE state = 6), min(fence) FILTER (WHERE state = 4) \
     FROM idem_record INDEXED BY idem_record_open WHERE state <> 2 AND state IN (1, 4, 5, 6) AND ",
    seen_in!("?1")
);

/// Gives a label its number, while there are few.
pub(super) const NUMBER: &str = "INSERT INTO idem_label (text) SELECT ?1 \
     WHERE NOT EXISTS (SELECT 1 FROM idem_label WHERE text = ?1) \
     AND coalesce((SELECT max(id) FROM idem_label), 0) < 1000";

/// The same for what a handler said about its record.
pub(super) const NUMBER_TERMS: &str = "INSERT INTO idem_terms (text) SELECT ?1 \
     WHERE NOT EXISTS (SELECT 1 FROM idem_terms WHERE text = ?1) \
     AND coalesce((SELECT max(id) FROM idem_terms), 0) < 1000";

/// A new row, if there is none at its address. ?2 to ?15 are its columns.
pub(super) const INSERT: &str = concat!(
    "INSERT INTO idem_record (id, address, format, state, fence, nonce, until, attempts, after_crash, recipe, digest, \
     created, label, key_hint, reply, audit, terms) SELECT CASE ?2 WHEN 2 THEN ",
    last!(),
    " ELSE ",
    first!(),
    " END, \
     ?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, ?3), ",
    label!("?11"),
    ", ?12, ?13, ?14, ",
    terms!("?15"),
    " \
     WHERE NOT EXISTS (",
    at_address!(),
    ")"
);
in_both! {
    /// A new owner.
    RECLAIM: "UPDATE ", concat!(
        " SET id = ", number!("?6"), ", state = ?6, fence = ?7, nonce = ?8, until = ?9, attempts = ?10, \
         after_crash = ?11, recipe = ?12, digest = ?13, created = nullif(?14, ?7), label = ", label!("?15"),
        ", key_hint = ?16, reply = ?17, audit = ?18, terms = ", terms!("?19")
    )
}
in_both! {
    /// The same owner, another state.
    MOVE: "UPDATE ", concat!(" SET id = ", number!("?6"), ", state = ?6, until = ?7, reply = ?8, audit = ?9")
}
/// A write that changes nothing.
pub(super) const TOUCH: &str = "UPDATE idem_meta SET value = value WHERE name = 'schema'";

/// The settings of a connection, and what is attached to it.
#[cfg(feature = "sqlite-tx")]
pub(super) const SETTINGS: &str = "\
SELECT p.text || (SELECT group_concat(name) FROM pragma_database_list WHERE name <> 'temp') FROM (SELECT \
(SELECT query_only FROM pragma_query_only) || ' ' || (SELECT foreign_keys FROM pragma_foreign_keys) || ' ' || \
(SELECT ignore_check_constraints FROM pragma_ignore_check_constraints) || ' ' || \
(SELECT writable_schema FROM pragma_writable_schema) || ' ' || (SELECT locking_mode FROM pragma_locking_mode) || ' ' || \
(SELECT synchronous FROM pragma_synchronous) || ' ' || (SELECT recursive_triggers FROM pragma_recursive_triggers) || ' ' || \
(SELECT timeout FROM pragma_busy_timeout) || ' ' || (SELECT read_uncommitted FROM pragma_read_uncommitted) || ' ' || \
(SELECT trusted_schema FROM pragma_trusted_schema) || ' ' || \
(SELECT legacy_alter_table FROM pragma_legacy_alter_table) || ' ' || \
(SELECT reverse_unordered_selects FROM pragma_reverse_unordered_selects) || ' ' AS text) p";

/// The end of a record that runs, by owner ?2 and ?3, in the transaction that claimed it.
#[cfg(feature = "sqlite-tx")]
pub(super) const FINISH_HERE: &str = concat!(
    "UPDATE ",
    open!(),
    " SET id = ",
    last!(),
    ", state = 2, until = ?4, reply = ?5 WHERE ",
    is_open!("state = 1"),
    " AND format = 1 AND fence = ?2 AND nonce = ?3"
);
/// The same owner and state, another lease.
pub(super) const LEASE: &str =
    concat!("UPDATE ", open!(), " SET until = ?6 WHERE ", is_open!("state = ?2"), unchanged!());
in_both! {
    /// No row any more.
    DELETE: "DELETE FROM ", ""
}
