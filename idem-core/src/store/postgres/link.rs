//! A connection of the store's own, with limits that the server keeps.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row as _};

use super::fault::{self, fault};
use crate::store::remote::failure::DriverFault;
use crate::store::remote::limits::Limits;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: PgConnection,
    /// `None` behind a pooler, where the server's connection is not ours alone.
    pub(super) session: Option<Session>,
}

/// Who runs a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Session {
    /// A process of the server, told apart from a later one of the same number by when it began, in microseconds.
    Process(i32, i64),
    /// The transaction of the application that has this advisory lock.
    Holder(u64),
}

/// Limits that the user set, and that are stricter, stay. The statements are made for `READ COMMITTED`: at a higher level,
/// a claim beside another would fail instead of seeing it.
/// <https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT>
const SETUP: &str = "\
SELECT pg_backend_pid(), \
(SELECT (extract(epoch FROM backend_start) * 1000000)::bigint FROM pg_stat_activity WHERE pid = pg_backend_pid()), \
set_config('lock_timeout', CASE WHEN current_setting('lock_timeout')::interval > '0' \
AND current_setting('lock_timeout')::interval < '{lock}ms' THEN current_setting('lock_timeout') ELSE '{lock}ms' END, false), \
set_config('statement_timeout', CASE WHEN current_setting('statement_timeout')::interval > '0' \
AND current_setting('statement_timeout')::interval < '{statement}ms' THEN current_setting('statement_timeout') \
ELSE '{statement}ms' END, false), \
set_config('default_transaction_isolation', 'read committed', false)";

/// Ends a statement, but not one that is committed and waits for its standbys: PostgreSQL would answer as if they had it.
/// <https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION>
const END: &str = "\
SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
WHERE pid = {process} AND (extract(epoch FROM backend_start) * 1000000)::bigint = {since} \
AND state = 'active' AND wait_event IS DISTINCT FROM 'SyncRep'";

/// The same for the holder of an advisory lock.
/// <https://www.postgresql.org/docs/current/view-pg-locks.html>
const END_HOLDER: &str = "\
SELECT pg_cancel_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {high} AND l.objid = {low} AND l.objsubid = 1 \
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
AND a.state = 'active' AND a.wait_event IS DISTINCT FROM 'SyncRep'";

impl Link {
    pub(super) async fn open(
        options: &PgConnectOptions,
        limits: Limits,
        through_pooler: bool,
    ) -> Result<Self, DriverFault> {
        let mut connection = options.connect().await.map_err(fault::unreached)?;
        if through_pooler {
            return Ok(Self { connection, session: None });
        }
        // A constant and two numbers.
        let setup = SETUP
            .replace("{lock}", &limits.lock_millis().to_string())
            .replace("{statement}", &limits.statement_millis().to_string());
        let row =
            connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(setup))).await.map_err(fault::unreached)?;
        let process = row.try_get(0).map_err(fault::unreached)?;
        let since: Option<i64> = row.try_get(1).map_err(fault::unreached)?;
        let session = since.map(|since| Session::Process(process, since));
        Ok(Self { connection, session })
    }

    pub(super) async fn end(&mut self, session: Session) -> Result<(), DriverFault> {
        // Constants and numbers.
        let end = match session {
            Session::Process(process, since) => {
                END.replace("{process}", &process.to_string()).replace("{since}", &since.to_string())
            }
            Session::Holder(lock) => END_HOLDER
                .replace("{high}", &(lock >> 32).to_string())
                .replace("{low}", &(lock & 0xffff_ffff).to_string()),
        };
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(end))).await.map(drop).map_err(fault)
    }

    pub(super) async fn close(self) {
        // The server finds out either way.
        let _ignored = self.connection.close().await;
    }
}

/// What sets the limits, and the level, for the rest of a message: several statements in one are one transaction, and nothing of this
/// outlives it. <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT>
pub(super) fn local(limits: Limits) -> String {
    format!(
        "SET LOCAL transaction_isolation = 'read committed'; SET LOCAL lock_timeout = {}; \
         SET LOCAL statement_timeout = {};",
        limits.lock_millis(),
        limits.statement_millis()
    )
}
