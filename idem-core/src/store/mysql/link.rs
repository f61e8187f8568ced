//! A connection, set up so that the server's settings do not matter.

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _};

use super::dialect::Dialect;
use super::fault;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::remote::limits::Limits;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: MySqlConnection,
    pub(super) dialect: Dialect,
    /// `max_allowed_packet`: the server hangs up on a client that sends more.
    pub(super) most_bytes: usize,
    /// The server's number of this connection.
    pub(super) session: u64,
}

/// - Committed statement by statement, each on what is committed when it begins.
/// - What does not fit into a column is an error.
/// - Nothing is cut off, and no update refused for how it finds its rows.
/// - A row or a table that another session has locked is waited for, but not long: see [`fault`].
/// - No statement runs longer than its client waits. MySQL, which reads the last `SET` as a comment, has such a limit for
///   `SELECT` only: [`READS`].
///
/// In one message; the version, the largest message and the connection's number come back.
const SETUP: &str = "SET NAMES utf8mb4; \
     SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; \
     SET SESSION autocommit = 1, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
     sql_select_limit = 18446744073709551615, sql_safe_updates = 0, innodb_lock_wait_timeout = {lock}, \
     lock_wait_timeout = {lock}; \
     /*M! SET SESSION max_statement_time = {statement} */; \
     SELECT VERSION(), CAST(@@max_allowed_packet AS SIGNED), CAST(CONNECTION_ID() AS UNSIGNED)";

/// In milliseconds.
const READS: &str = "SET SESSION max_execution_time = {statement}";

/// What a session does at the moment, if it is a statement that names the table.
const DOES: &str = "SELECT COALESCE(state, '') FROM information_schema.processlist \
     WHERE id = ? AND command IN ('Query', 'Execute') AND INSTR(info, ?) > 0";

/// Who runs a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Session {
    /// A connection of the store's own, which may meanwhile be at something else.
    Own(u64),
    /// A connection of the application's, which is being closed.
    Application(u64),
}

impl Link {
    pub(super) async fn open(
        options: &MySqlConnectOptions,
        forced: Option<Dialect>,
        limits: Limits,
    ) -> Result<Self, DriverFault> {
        let mut connection = options.connect().await.map_err(fault::unreached)?;
        let millis = limits.statement_millis();
        // A constant and numbers.
        let setup = SETUP
            .replace("{lock}", &limits.lock_seconds().to_string())
            .replace("{statement}", &format!("{}.{:03}", millis / 1000, millis % 1000));
        let setup = AssertSqlSafe(setup);
        let rows = sqlx::raw_sql(setup).fetch_all(&mut connection).await.map_err(fault::unreached)?;
        let Some(row) = rows.last() else { return Err(mute()) };
        let version: Vec<u8> = row.try_get(0).map_err(fault::unreached)?;
        let most_bytes: i64 = row.try_get(1).map_err(fault::unreached)?;
        let session: u64 = row.try_get(2).map_err(fault::unreached)?;
        let found = Dialect::of(&String::from_utf8_lossy(&version))?;
        if found == Dialect::MySql {
            let reads = AssertSqlSafe(READS.replace("{statement}", &millis.to_string()));
            sqlx::raw_sql(reads).execute(&mut connection).await.map_err(fault::unreached)?;
        }
        let most_bytes = usize::try_from(most_bytes).unwrap_or(usize::MAX);
        Ok(Self { connection, dialect: forced.unwrap_or(found), most_bytes, session })
    }

    /// Where the server looks for a table that is named alone.
    pub(super) async fn database(&mut self) -> Result<Option<String>, DriverFault> {
        let row = sqlx::raw_sql("SELECT CAST(DATABASE() AS CHAR)").fetch_one(&mut self.connection).await;
        row.and_then(|row| row.try_get(0)).map_err(fault::fault)
    }

    pub(super) async fn close(self) {
        // The server finds out either way.
        let _ignored = self.connection.close().await;
    }

    /// Ends what another session does: one of the store's, with `table`. Not if it is committed and waits for a replica: the server would then
    /// show it as if the replica had it.
    pub(super) async fn end(&mut self, session: Session, table: &str) -> Result<(), DriverFault> {
        let (session, table) = match session {
            Session::Own(session) => (session, table),
            Session::Application(session) => (session, ""),
        };
        let does = sqlx::query(DOES).bind(session).bind(table).fetch_optional(&mut self.connection).await;
        let Some(does) = does.map_err(fault::fault)? else { return Ok(()) };
        let state: Vec<u8> = does.try_get(0).map_err(fault::fault)?;
        if String::from_utf8_lossy(&state).to_ascii_lowercase().contains("semi-sync") {
            return Ok(());
        }
        // A constant and a number.
        let kill = AssertSqlSafe(format!("KILL QUERY {session}"));
        sqlx::raw_sql(kill).execute(&mut self.connection).await.map(drop).map_err(fault::fault)
    }

    /// Refuses what the server would hang up on: replies of `bytes` in all, in a statement about `count` records.
    pub(super) fn admit(&self, bytes: usize, count: usize) -> Result<(), DriverFault> {
        /// Of a record, beside its reply.
        const OTHERS: usize = 1024;
        if bytes.saturating_add(OTHERS * (count + 1)) <= self.most_bytes {
            return Ok(());
        }
        let message = format!(
            "a reply of {bytes} bytes is more than the server takes: raise its max_allowed_packet ({}), or cap replies",
            self.most_bytes
        );
        Err(DriverFault::Refused(Failure::new(StoreErrorKind::Unstorable, message)))
    }
}

fn mute() -> DriverFault {
    let message = "the server did not say which version it is: is it MySQL or MariaDB?";
    DriverFault::Unreached(Failure::new(StoreErrorKind::Misconfigured, message))
}
