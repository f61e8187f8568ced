//! What the server said, sorted by its [numbers](https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html);
//! those from 1900 to 1999 and from 4000 on are [MariaDB's](https://mariadb.com/kb/en/mariadb-error-code-reference/).

use sqlx::mysql::MySqlDatabaseError;

use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::{StoreError, StoreErrorKind};

use StoreErrorKind::{Corrupt, Misconfigured, Unavailable, Unstorable};

/// Of a statement.
pub(super) fn fault(error: sqlx::Error) -> DriverFault {
    let Some(number) = number(&error) else { return without_number(error) };
    let (way, kind, message) = of_statement(number);
    way(Failure::new(kind, message).with_source(error))
}

type Way = fn(Failure) -> DriverFault;

fn of_statement(number: u16) -> (Way, StoreErrorKind, &'static str) {
    match number {
        // A deadlock, a conflict in a cluster, a table changed under a prepared statement. Statements commit by
        // themselves, so nothing of it remains.
        1213 | 1020 | 1412 | 1615 => (
            DriverFault::Again,
            Unavailable,
            "the server undid the statement again and again: deadlocks or conflicts",
        ),
        // Not `Again`, which would wait as long many times; and not `Shut`, because in a batch it is one record that is
        // locked: the others must not suffer. Nothing remains of the statement either.
        1205 => (
            DriverFault::Refused,
            Unavailable,
            "the record, or the table, was locked for too long: a transaction that was left open?",
        ),
        1290 | 1792 | 1836 => (
            DriverFault::Shut,
            Unavailable,
            "the server takes no writes: is this a replica, or read-only? Connect to the primary",
        ),
        1047 => {
            (DriverFault::Shut, Unavailable, "the server is not ready: is this node part of its cluster?")
        }
        1021 | 1030 | 1037 | 1038 | 1041 | 1114 | 1135 | 1206 | 1637 => (
            DriverFault::Shut,
            Unavailable,
            "the server has no room for this: disk, memory or locks are used up",
        ),
        1317 | 1969 | 3024 => {
            (DriverFault::Shut, Unavailable, "the statement was cancelled, or ran for too long")
        }
        // Also 1243, a prepared statement that the server has forgotten: a new connection prepares it anew.
        1053 | 1077 | 1079 | 1080 | 1152 | 1158..=1161 | 1184 | 1243 | 1927 | 3169 | 4031 => {
            (DriverFault::Broken, Unavailable, "the server ended the connection")
        }
        1044 | 1045 | 1142 | 1143 | 1227 => (
            DriverFault::Shut,
            Misconfigured,
            "this user or role may not use idem's table: GRANT it SELECT, INSERT, UPDATE and DELETE on the table",
        ),
        1046 | 1049 => (
            DriverFault::Shut,
            Misconfigured,
            "there is no such database: name one in the URL, or with the table",
        ),
        1054 | 1064 | 1146 | 1176 | 1932 => (
            DriverFault::Shut,
            Misconfigured,
            "idem's table is missing or not as idem made it: run `MySqlStore::migrations`; if a newer version of idem has \
             migrated it, update this process",
        ),
        1461 => (
            DriverFault::Shut,
            Misconfigured,
            "the server keeps no more prepared statements: raise max_prepared_stmt_count",
        ),
        1665 => (
            DriverFault::Shut,
            Misconfigured,
            "the server logs statements: set binlog_format to ROW or MIXED",
        ),
        1153 | 1162 | 1301 => (
            DriverFault::Refused,
            Unstorable,
            "the reply is more than the server takes: raise its max_allowed_packet, or cap replies",
        ),
        // A row of more than a tenth of the redo log; a value that is too long for its column, or none of its kind.
        1118 | 1366 | 1406 => (
            DriverFault::Refused,
            Unstorable,
            "the server cannot hold the record: raise its innodb_log_file_size, or cap replies",
        ),
        1034 | 1035 | 1194 | 1195 | 1712 | 1877 => {
            (DriverFault::Refused, Corrupt, "the server found its data damaged")
        }
        _ => (DriverFault::Refused, Misconfigured, "the server refused the record"),
    }
}

/// `ER_DBACCESS_DENIED_ERROR`, `ER_TABLEACCESS_DENIED_ERROR`, `ER_COLUMNACCESS_DENIED_ERROR`.
pub(super) fn is_denied(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1044 | 1142 | 1143))
}

/// `ER_LOCK_WAIT_TIMEOUT`, which is said of tables too, and `ER_LOCK_DEADLOCK`.
pub(super) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1205 | 1213))
}

fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(error.number())
}

fn without_number(error: sqlx::Error) -> DriverFault {
    match error {
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
            let message = "the server answered in a form that this version of idem does not know";
            DriverFault::Unread(Failure::new(StoreErrorKind::UnknownFormat, message).with_source(error))
        }
        sqlx::Error::Encode(_) => {
            let message = "the record cannot be written in MySQL's protocol: cap replies";
            DriverFault::Refused(Failure::new(Unstorable, message).with_source(error))
        }
        error => {
            let message = "the connection to the server broke";
            DriverFault::Broken(Failure::new(Unavailable, message).with_source(error))
        }
    }
}

/// Of the attempt to connect.
pub(super) fn unreached(error: sqlx::Error) -> DriverFault {
    let (kind, message) = match number(&error) {
        Some(1044) => (
            Misconfigured,
            "the user has no right in the database: GRANT it SELECT, INSERT, UPDATE and DELETE on idem's table, and CREATE \
             and ALTER as well to migrate",
        ),
        Some(1045 | 1049 | 1130 | 1251 | 1524 | 1698) => {
            (Misconfigured, "the server does not let us in: check user, password, host and database")
        }
        Some(1040 | 1203 | 1226) => {
            (Unavailable, "the server has no connection left: raise max_connections, or lower `concurrency`")
        }
        Some(1129) => (Unavailable, "the server blocks this host after failed connections: run FLUSH HOSTS"),
        Some(1193 | 1231) => {
            (Misconfigured, "the server lacks a setting that idem needs: is it MySQL or MariaDB?")
        }
        _ if matches!(error, sqlx::Error::Configuration(_)) => {
            (Misconfigured, "the URL of the database is not one that MySQL knows")
        }
        _ => (Unavailable, "the server cannot be reached"),
    };
    DriverFault::Unreached(Failure::new(kind, message).with_source(error))
}

/// Of a row that makes no sense.
pub(super) fn damaged(error: &StoreError) -> DriverFault {
    DriverFault::Unread(Failure::new(error.kind(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_applied_is_never_called_refused() {
        let fault = |number| {
            let (way, kind, message) = of_statement(number);
            way(Failure::new(kind, message))
        };
        assert!(matches!(fault(1213), DriverFault::Again(_)));
        assert!(matches!(fault(1205), DriverFault::Refused(_)));
        assert!(matches!(fault(1290), DriverFault::Shut(_)));
        assert!(matches!(fault(1406), DriverFault::Refused(_)));
        for number in [1118, 1153, 1162, 1301, 1366, 1406] {
            assert_eq!(fault(number).into_failure().to_error().kind(), Unstorable, "{number}");
        }
        for number in [1053, 1927, 1158, 4031] {
            assert!(matches!(fault(number), DriverFault::Broken(_)), "{number}");
        }
    }
}
