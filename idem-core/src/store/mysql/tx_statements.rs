//! The statements of records in the application's transactions.

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::dialect::Dialect;
use super::statements::{CLOCK, COLUMNS, REWRITE, ROW};
use crate::store::sql::TableName;

/// The settings of a session that decide what statements mean, what they check, or who sends them. One that a handler
/// leaves changed would be the next caller's.
pub(super) const SETTINGS: &str = "CONCAT_WS('|', @@autocommit, @@sql_mode, @@time_zone, @@foreign_key_checks, @@unique_checks, \
     @@sql_log_bin, @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@completion_type, @@sql_safe_updates, \
     @@sql_select_limit, @@group_concat_max_len, @@character_set_client, @@character_set_connection, \
     @@character_set_results, @@collation_connection, @@auto_increment_increment, @@auto_increment_offset, @@lc_time_names, \
     /*M! @@tx_isolation, @@tx_read_only, @@max_statement_time, @@check_constraint_checks, */ \
     /*!80000 @@transaction_isolation, @@transaction_read_only, @@max_execution_time, */ \
     COALESCE(DATABASE(), ''), COALESCE(CURRENT_ROLE(), ''))";

/// Kept for [`RESTORE`]. Sets the clock of the session back to the server's, should a handler have moved it; and how many
/// seconds the server waits for the next statement, unless it waits less.
pub(super) const KEEP: &str = "SET @idem_settings = {settings}, @idem_idle = @@SESSION.wait_timeout; \
     SET SESSION timestamp = DEFAULT, autocommit = 0, wait_timeout = LEAST(@@SESSION.wait_timeout, {idle}); ";
/// MySQL waits for a lock for a second at least.
pub(super) const WAIT_LITTLE: &str =
    "SET @idem_wait = @@SESSION.innodb_lock_wait_timeout; SET SESSION innodb_lock_wait_timeout = 1; ";
pub(super) const WAIT_AS_BEFORE: &str = "SET SESSION innodb_lock_wait_timeout = @idem_wait; ";
/// By this number a canceller knows the transaction.
pub(super) const SESSION: &str = "SELECT CAST(CONNECTION_ID() AS UNSIGNED)";

/// Nothing that follows the end of the transaction may commit by itself: every transaction of the session is read-only, but
/// for the one that is begun here. With autocommit off besides, a statement after the server has undone the transaction, as
/// it does in a deadlock, begins one that is rolled back in the end.
/// <https://dev.mysql.com/doc/refman/8.4/en/set-transaction.html>
///
/// The savepoint vanishes with the transaction, in each way in which that may end: so its release tells whether it is still the same.
/// <https://dev.mysql.com/doc/refman/8.4/en/savepoint.html>
pub(super) const BEGIN: &str =
    "SET SESSION TRANSACTION READ ONLY; START TRANSACTION READ WRITE; SAVEPOINT idem_tx";
pub(super) const UNMARK: &str = "RELEASE SAVEPOINT idem_tx";
/// `ER_SP_DOES_NOT_EXIST`, of a savepoint too.
pub(super) const NO_SUCH_SAVEPOINT: u16 = 1305;
/// `ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION`.
pub(super) const NOT_OURS: u16 = 1792;
/// `ER_LOCK_WAIT_TIMEOUT`.
pub(super) const LOCKED: u16 = 1205;

/// An open transaction, also one that a COMMIT AND CHAIN began, is rolled back. The row says whether the settings are as
/// they were.
pub(super) const RESTORE: &str = "ROLLBACK AND NO CHAIN NO RELEASE; SET SESSION TRANSACTION READ WRITE; \
     SET SESSION timestamp = DEFAULT, autocommit = 1, wait_timeout = @idem_idle{wait}; SELECT @idem_settings <=> {settings}";
/// A claim that gave up left its setting behind.
pub(super) const RESTORE_WAIT: &str = ", innodb_lock_wait_timeout = @idem_wait";

const VALUES: &str = "{row} VALUES (?, {clock} + ?, {clock}, 1, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', {fence}) ON DUPLICATE KEY UPDATE ";

/// The claim does not wait for the lock of another transaction's uncommitted row.
const CLAIM_RETURNING: &str = "SET STATEMENT innodb_lock_wait_timeout = 0 FOR {values}fence = fence \
     RETURNING {clock}, address, {columns}, CAST(CONNECTION_ID() AS UNSIGNED) session";
const CLAIM_RETURNING_WAITING: &str = "{values}fence = fence RETURNING {clock}, address, {columns}";
/// Without `RETURNING`: the number that the statement leaves is the fence if the row was inserted, and 0 if it was not.
const CLAIM: &str = "{values}fence = fence + LAST_INSERT_ID(0)";

const LOAD: &str = "SELECT {clock}, address, {columns} FROM {table} FORCE INDEX (PRIMARY) WHERE address = ?";
/// What is committed now, not what the transaction's snapshot shows.
const NOW: &str = " FOR UPDATE";

/// Until when the record lives is bound: a handler may have moved the clock of the session.
const FINISH: &str = "UPDATE {table} SET state = 2, until = ?, reply = ? \
     WHERE address = ? AND format = 1 AND fence = ? AND nonce = ? AND state = 1";

/// With the table's name filled in. All values are bound.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) claim: SqlStr,
    pub(super) claim_waiting: SqlStr,
    pub(super) load: SqlStr,
    pub(super) load_now: SqlStr,
    pub(super) rewrite: SqlStr,
    pub(super) finish: SqlStr,
}

impl Texts {
    pub(super) fn new(name: &TableName, dialect: Dialect) -> Self {
        let fence = match dialect {
            Dialect::MariaDb => "{clock}",
            Dialect::MySql => "LAST_INSERT_ID({clock})",
        };
        let fill = |template: &str| {
            let text = template.replace("{values}", VALUES).replace("{fence}", fence).replace("{row}", ROW);
            let text = name.fill(&text.replace("{columns}", COLUMNS), '`').replace("{clock}", CLOCK);
            // Made of constants and a name that `TableName` has checked.
            AssertSqlSafe(text).into_sql_str()
        };
        let (claim, claim_waiting) = match dialect {
            Dialect::MariaDb => (CLAIM_RETURNING, CLAIM_RETURNING_WAITING),
            Dialect::MySql => (CLAIM, CLAIM),
        };
        Self {
            claim: fill(claim),
            claim_waiting: fill(claim_waiting),
            load: fill(LOAD),
            load_now: fill(&format!("{LOAD}{NOW}")),
            rewrite: fill(REWRITE),
            finish: fill(FINISH),
        }
    }
}

/// Every row of `text`, which is made of constants.
pub(super) async fn read(
    connection: &mut MySqlConnection,
    text: String,
) -> Result<Vec<MySqlRow>, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(connection).await
}
