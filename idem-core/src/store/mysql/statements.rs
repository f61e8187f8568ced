//! The statements, with the table's name filled in.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::many::Many;
use crate::store::sql::TableName;

#[derive(Debug)]
pub(super) struct Statements {
    pub(super) claim_returning: Many,
    pub(super) claim_one: SqlStr,
    pub(super) claim: Many,
    pub(super) finish_one: SqlStr,
    pub(super) finish: Many,
    pub(super) load: Many,
    pub(super) rewrite: SqlStr,
    pub(super) delete: SqlStr,
    pub(super) renew: Many,
    pub(super) sweep_to_unknown: SqlStr,
    pub(super) sweep_to_released: SqlStr,
    pub(super) reap: SqlStr,
    pub(super) list: SqlStr,
    pub(super) list_done: SqlStr,
    pub(super) count: SqlStr,
    pub(super) count_done: SqlStr,
    pub(super) tally: SqlStr,
}

impl Statements {
    pub(super) fn new(name: &TableName) -> Self {
        let fill = |template: &str| {
            let template = template.replace("{row}", ROW).replace("{columns}", COLUMNS);
            name.fill(&template, '`').replace("{clock}", CLOCK)
        };
        // Made of constants and a name that `TableName` has checked.
        let one = |template: &str| AssertSqlSafe(fill(template)).into_sql_str();
        let many = |template: &str, between| Many::new(&fill(template), between);
        Self {
            claim_returning: many(CLAIM_RETURNING, ","),
            claim_one: one(CLAIM_ONE),
            claim: many(CLAIM, ","),
            finish_one: one(FINISH_ONE),
            finish: many(FINISH, " UNION ALL "),
            load: many(LOAD, ","),
            rewrite: one(REWRITE),
            delete: one(DELETE),
            renew: many(RENEW, " UNION ALL "),
            sweep_to_unknown: one(SWEEP_TO_UNKNOWN),
            sweep_to_released: one(SWEEP_TO_RELEASED),
            reap: one(REAP),
            list: one(&LIST.replace("{index}", "due")),
            list_done: one(&LIST.replace("{index}", "PRIMARY")),
            count: one(&COUNT.replace("{index}", "due")),
            count_done: one(&COUNT.replace("{index}", "PRIMARY")),
            tally: one(TALLY),
        }
    }
}

/// Microseconds since 1970, when the statement began: in UTC, so that neither a time zone nor an hour that comes twice
/// matters.
pub(super) const CLOCK: &str = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";

/// What a row is read by, after the clock and the address.
pub(super) const COLUMNS: &str = "format, state, fence, nonce, until, attempts, after_crash, recipe, digest, created, label, key_hint, reply, audit, handler_retention, \
     handler_lease, namespace";

/// What a claim writes.
pub(super) const ROW: &str = "INSERT INTO {table} (address, until, created, attempts, format, state, after_crash, recipe, nonce, \
     digest, label, key_hint, handler_retention, handler_lease, namespace, reply, fence)";

/// Writes records where there are none, and shows what stands at each address. The update changes nothing, and writes
/// nothing.
const CLAIM_RETURNING: &str = "{row} VALUES \
     «(?, {clock} + ?, {clock}, 1, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', {clock})» \
     ON DUPLICATE KEY UPDATE fence = fence RETURNING {clock}, address, {columns}";

/// Without `RETURNING`. The number that the statement leaves for its client is the fence if the row was inserted, and 0
/// if it was not: the insertion sets it first, and the update, which again changes nothing, takes it back.
const CLAIM_ONE: &str = "{row} VALUES \
     (?, {clock} + ?, {clock}, 1, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', LAST_INSERT_ID({clock})) \
     ON DUPLICATE KEY UPDATE fence = fence + LAST_INSERT_ID(0)";

/// Of many, only the last would leave its number. What stands there is looked up afterwards.
const CLAIM: &str = "{row} VALUES \
     «(?, {clock} + ?, {clock}, 1, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', {clock})» \
     ON DUPLICATE KEY UPDATE fence = fence";

const FINISH_ONE: &str = "UPDATE {table} SET state = ?, until = COALESCE({clock} + ?, 0), reply = ? \
     WHERE address = ? AND format = 1 AND fence = ? AND nonce = ? AND state IN (1, ?)";

/// Rows are found and locked in the order given. The casts are for MySQL, which must know the types beforehand.
const FINISH: &str = "UPDATE (\
     «SELECT CAST(? AS SIGNED) AS state, CAST(? AS SIGNED) AS retention, CAST(? AS BINARY) AS reply, \
     CAST(? AS BINARY(32)) AS address, CAST(? AS SIGNED) AS fence, CAST(? AS BINARY(16)) AS nonce, \
     CAST(? AS SIGNED) AS also_from»\
     ) w STRAIGHT_JOIN {table} t FORCE INDEX (PRIMARY) ON t.address = w.address \
     SET t.state = w.state, t.until = COALESCE({clock} + w.retention, 0), t.reply = w.reply \
     WHERE t.format = 1 AND t.fence = w.fence AND t.nonce = w.nonce AND t.state IN (1, w.also_from)";

const LOAD: &str =
    "SELECT {clock}, address, {columns} FROM {table} FORCE INDEX (PRIMARY) WHERE address IN («?»)";

pub(super) const REWRITE: &str = "UPDATE {table} SET state = ?, fence = ?, nonce = ?, until = ?, attempts = ?, after_crash = ?, \
     recipe = ?, digest = ?, created = ?, label = ?, key_hint = ?, reply = ?, audit = ?, \
     handler_retention = ?, handler_lease = ?, namespace = ? \
     WHERE address = ? AND format = 1 AND state = ? AND fence = ? AND nonce = ? AND until = ?";

const DELETE: &str = "DELETE FROM {table} \
     WHERE address = ? AND format = 1 AND state = ? AND fence = ? AND nonce = ? AND until = ?";

/// A locked row is alive, and is skipped. The limit keeps the inner select from being merged into the update, which
/// waits. The number that the statement leaves is its clock.
const RENEW: &str = "UPDATE (\
     SELECT o.address, v.lease FROM (\
     «SELECT CAST(? AS BINARY(32)) AS address, CAST(? AS SIGNED) AS fence, CAST(? AS BINARY(16)) AS nonce, \
     CAST(? AS SIGNED) AS lease»\
     ) v STRAIGHT_JOIN {table} o FORCE INDEX (PRIMARY) ON o.address = v.address \
     WHERE o.format = 1 AND o.state = 1 AND o.fence = v.fence AND o.nonce = v.nonce \
     LIMIT 256 FOR UPDATE SKIP LOCKED\
     ) w STRAIGHT_JOIN {table} t FORCE INDEX (PRIMARY) ON t.address = w.address \
     SET t.until = GREATEST(t.until, LAST_INSERT_ID({clock}) + w.lease)";

const SWEEP_TO_UNKNOWN: &str = "UPDATE (\
     SELECT o.address FROM {table} o FORCE INDEX (due) \
     WHERE o.state = 1 AND o.until <= {clock} - ? AND o.after_crash = 0 AND o.format = 1 AND o.recipe BETWEEN 0 AND 4 \
     AND (o.handler_retention < 0 OR CAST(o.namespace AS BINARY) = ?) LIMIT ? FOR UPDATE SKIP LOCKED\
     ) w STRAIGHT_JOIN {table} t FORCE INDEX (PRIMARY) ON t.address = w.address \
     SET t.state = 4, t.until = 0";

const SWEEP_TO_RELEASED: &str = "UPDATE (\
     SELECT o.address FROM {table} o FORCE INDEX (due) \
     WHERE o.state = 1 AND o.until <= {clock} - ? AND o.after_crash = 1 AND o.format = 1 AND o.recipe BETWEEN 0 AND 4 \
     AND (o.handler_retention < 0 OR CAST(o.namespace AS BINARY) = ?) LIMIT ? FOR UPDATE SKIP LOCKED\
     ) w STRAIGHT_JOIN {table} t FORCE INDEX (PRIMARY) ON t.address = w.address \
     SET t.state = 3, t.until = {clock} + IF(t.handler_retention < 0, ?, t.handler_retention)";

const REAP: &str = "DELETE t FROM (\
     SELECT o.address FROM {table} o FORCE INDEX (due) \
     WHERE o.state IN (2, 3) AND o.until <= {clock} AND o.after_crash IN (0, 1) AND o.format = 1 \
     AND o.recipe BETWEEN 0 AND 4 LIMIT ? FOR UPDATE SKIP LOCKED\
     ) w STRAIGHT_JOIN {table} t FORCE INDEX (PRIMARY) ON t.address = w.address";

/// By the records' order where most are in that state, else by the state. Namespaces are compared byte by byte: the order
/// of a text column ignores spaces at its end.
const LIST: &str = "SELECT 0, address, {columns} FROM {table} FORCE INDEX ({index}) \
     WHERE state = ? AND address > ? AND (handler_retention < 0 OR CAST(namespace AS BINARY) = ?) \
     ORDER BY address LIMIT ?";

const COUNT: &str = "SELECT COUNT(*) FROM {table} FORCE INDEX ({index}) \
     WHERE state = ? AND (handler_retention < 0 OR CAST(namespace AS BINARY) = ?)";

/// What waits, by state, and the oldest fence of what is unknown.
const TALLY: &str = "SELECT {clock}, COUNT(IF(state = 1, 1, NULL)), COUNT(IF(state = 4, 1, NULL)), \
     COUNT(IF(state = 5, 1, NULL)), COUNT(IF(state = 6, 1, NULL)), MIN(IF(state = 4, fence, NULL)) \
     FROM {table} FORCE INDEX (due) WHERE state IN (1, 4, 5, 6) \
     AND (handler_retention < 0 OR CAST(namespace AS BINARY) = ?)";

#[cfg(test)]
mod tests {
    use super::*;

    /// `SET` is carried out from left to right, and what stands on the right sees what was set before: so nothing there
    /// may read a column that the same statement sets, but for its own.
    #[test]
    fn the_order_of_set_does_not_matter() {
        for statement in [FINISH_ONE, FINISH, REWRITE, RENEW, SWEEP_TO_UNKNOWN, SWEEP_TO_RELEASED] {
            let (_, set) = statement.rsplit_once("SET ").unwrap();
            let set = set.split(" WHERE ").next().unwrap();
            let parts: Vec<&str> = set.split(" = ").collect();
            let word =
                |text: &str| text.rsplit([' ', ',']).next().unwrap().trim_start_matches("t.").to_owned();
            let columns: Vec<String> = parts.iter().rev().skip(1).map(|part| word(part)).rev().collect();
            for (at, own) in columns.iter().enumerate() {
                let right = parts[at + 1];
                let right =
                    right.rsplit_once(", ").filter(|_| at + 1 < columns.len()).map_or(right, |cut| cut.0);
                let reads = |column: &&String| {
                    let names = right.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
                    names.into_iter().any(|name| name == **column || name == format!("t.{column}"))
                };
                let others: Vec<_> = columns.iter().filter(|column| *column != own).filter(reads).collect();
                assert!(others.is_empty(), "{own} = {right} reads {others:?}");
            }
            assert!(!columns.is_empty(), "{statement}");
        }
    }
}
