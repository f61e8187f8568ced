//! A connection, set up so that the server's settings do not matter.

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Row as _};

use super::dialect::Dialect;
use super::fault;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{Failure, Fault};

#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: MySqlConnection,
    pub(super) dialect: Dialect,
    /// `max_allowed_packet`: the server hangs up on whoever sends more.
    pub(super) most_bytes: usize,
}

/// - Committed statement by statement, each on what is committed when it begins.
/// - What does not fit into a column is an error.
/// - Nothing is cut off, and no update refused for how it finds its rows.
/// - A row that somebody has locked is waited for, but not long: see [`fault`].
///
/// In one message; the version and the largest message come back.
const SETUP: &str = "SET NAMES utf8mb4; \
     SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET SESSION autocommit = 1, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
     sql_select_limit = 18446744073709551615, sql_safe_updates = 0, innodb_lock_wait_timeout = {patience}; \
     SELECT VERSION(), CAST(@@max_allowed_packet AS SIGNED)";

impl Link {
    /// `patience`: how many seconds a statement may wait for a lock.
    pub(super) async fn open(
        options: &MySqlConnectOptions,
        forced: Option<Dialect>,
        patience: u64,
    ) -> Result<Self, Fault> {
        let mut connection = options.connect().await.map_err(fault::unreached)?;
        // A constant and a number.
        let setup = AssertSqlSafe(SETUP.replace("{patience}", &patience.to_string()));
        let rows = sqlx::raw_sql(setup).fetch_all(&mut connection).await.map_err(fault::unreached)?;
        let Some(row) = rows.last() else { return Err(mute()) };
        let version: Vec<u8> = row.try_get(0).map_err(fault::unreached)?;
        let most_bytes: i64 = row.try_get(1).map_err(fault::unreached)?;
        let found = Dialect::of(&String::from_utf8_lossy(&version))?;
        let most_bytes = usize::try_from(most_bytes).unwrap_or(usize::MAX);
        Ok(Self { connection, dialect: forced.unwrap_or(found), most_bytes })
    }

    /// Refuses what the server would hang up on: replies of `bytes` in all, in a statement about `count` records.
    pub(super) fn admit(&self, bytes: usize, count: usize) -> Result<(), Fault> {
        /// Of a record, beside its reply.
        const OTHERS: usize = 1024;
        if bytes.saturating_add(OTHERS * (count + 1)) <= self.most_bytes {
            return Ok(());
        }
        let message = format!(
            "a reply of {bytes} bytes is more than the server takes: raise its max_allowed_packet ({}), or cap replies",
            self.most_bytes
        );
        Err(Fault::Refused(Failure::new(StoreErrorKind::Misconfigured, message)))
    }
}

fn mute() -> Fault {
    let message = "the server did not say which version it is: is it MySQL or MariaDB?";
    Fault::Unreached(Failure::new(StoreErrorKind::Misconfigured, message))
}
