//! An effect in the store's own database: it and the record commit together.

use std::fmt;

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use idem_core::idempotent;
use idem_core::tx::{MySqlTx, PgTx, SqliteTx};
use serde::Deserialize;

use crate::account::Account;
use crate::app::App;
use crate::ledger::Ledger;
use crate::object::Object;
use crate::paid::Paid;
use crate::run::Run;

#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    amount: i64,
    #[serde(default)]
    fail: Fail,
}

/// How the handler ends once its row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
enum Fail {
    #[default]
    #[serde(rename = "0")]
    No,
    #[serde(rename = "1")]
    Yes,
}

#[derive(Debug)]
pub(crate) enum EntryError {
    AsAsked,
    /// 503: the transaction is rolled back, and the same request may run again.
    Database(sqlx::Error),
}

/// The route, on the stores that have it.
pub(super) fn router(ledger: &Ledger) -> Router<App> {
    let handler = match ledger {
        Ledger::Absent => return Router::new(),
        Ledger::Sqlite(_) => post(in_sqlite),
        Ledger::Postgres(_) => post(in_postgres),
        Ledger::MySql(_) => post(in_mysql),
    };
    Router::new().route("/tx", handler)
}

#[idempotent]
async fn in_sqlite(
    _: Account,
    run: Run,
    #[tx] tx: &mut SqliteTx<'_>,
    Query(entry): Query<Entry>,
    Object(body): Object,
) -> Result<Paid, EntryError> {
    let number = run.begin().await;
    let insert = sqlx::query("INSERT INTO ledger VALUES (?, ?, ?)");
    insert.bind(run.account()).bind(run.key()).bind(entry.amount).execute(&mut **tx).await?;
    entry.ended(run.paid(number, StatusCode::CREATED, body))
}

#[idempotent]
async fn in_postgres(
    _: Account,
    run: Run,
    #[tx] tx: &mut PgTx<'_>,
    Query(entry): Query<Entry>,
    Object(body): Object,
) -> Result<Paid, EntryError> {
    let number = run.begin().await;
    let insert = sqlx::query("INSERT INTO ledger VALUES ($1, $2, $3)");
    insert.bind(run.account()).bind(run.key()).bind(entry.amount).execute(&mut **tx).await?;
    entry.ended(run.paid(number, StatusCode::CREATED, body))
}

#[idempotent]
async fn in_mysql(
    _: Account,
    run: Run,
    #[tx] tx: &mut MySqlTx<'_>,
    Query(entry): Query<Entry>,
    Object(body): Object,
) -> Result<Paid, EntryError> {
    let number = run.begin().await;
    let insert = sqlx::query("INSERT INTO ledger VALUES (?, ?, ?)");
    insert.bind(run.account()).bind(run.key()).bind(entry.amount).execute(&mut **tx).await?;
    entry.ended(run.paid(number, StatusCode::CREATED, body))
}

impl Entry {
    fn ended(&self, paid: Paid) -> Result<Paid, EntryError> {
        match self.fail {
            Fail::No => Ok(paid),
            Fail::Yes => Err(EntryError::AsAsked),
        }
    }
}

impl From<sqlx::Error> for EntryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsAsked => "it fails, as it was asked to",
            Self::Database(_) => "the row could not be written",
        })
    }
}

impl std::error::Error for EntryError {
    // Through it idem sees a deadlock and the like, which it answers itself.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::AsAsked => None,
            Self::Database(error) => Some(error),
        }
    }
}

impl IntoResponse for EntryError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::AsAsked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Database(error) => {
                tracing::warn!(%error, "the ledger");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        (status, self.to_string()).into_response()
    }
}
