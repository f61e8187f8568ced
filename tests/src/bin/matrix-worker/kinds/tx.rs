//! Handlers whose effect is a row in the database that the records are in: `ledger (subject, run)`.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::TxStore;
use idem_core::{Idem, idempotent};
use idem_tests::matrix::{Call, Said};
use sqlx::{MySql, Postgres, Sqlite, Transaction};

use super::axum::{Asked, ask, response};
use super::paid;
use super::plain::{Answer, PayError, answer, said};
use crate::app::App;
use crate::store::Coupled;

/// A database with a ledger.
trait Books: sqlx::Database {
    type Store: TxStore<Database = Self> + 'static;

    fn enter(
        tx: &mut Transaction<'_, Self>,
        call: &Call,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

macro_rules! books {
    ($Db:ty, $Store:ty, $insert:literal) => {
        impl Books for $Db {
            type Store = $Store;

            async fn enter(tx: &mut Transaction<'_, Self>, call: &Call) -> Result<(), sqlx::Error> {
                sqlx::query($insert).bind(&call.key).bind(&call.call).execute(&mut **tx).await.map(drop)
            }
        }
    };
}

books!(Sqlite, SqliteStore, "INSERT INTO ledger (subject, run) VALUES (?, ?)");
books!(Postgres, PostgresStore, "INSERT INTO ledger (subject, run) VALUES ($1, $2)");
books!(MySql, MySqlStore, "INSERT INTO ledger (subject, run) VALUES (?, ?)");

/// Writes its effect before every end: an end that keeps no effect has it undone.
#[idempotent(name = "tx")]
async fn in_axum<Db: Books>(
    State(app): State<App>,
    Asked(call): Asked,
    #[tx] tx: &mut Transaction<'_, Db>,
    _said: String,
) -> Response {
    app.begin(&call);
    match Db::enter(tx, &call).await {
        Ok(()) => response(&call, app.end(&call).await),
        Err(error) => {
            eprintln!("matrix-worker: no entry: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(paid(&call))).into_response()
        }
    }
}

#[idempotent(with = idem, key = call.sent_key(), scope = call.scope(), name = "tx-plain", fingerprint = call.say)]
async fn in_a_function<Db: Books>(
    app: &App,
    idem: &Idem<Db::Store>,
    call: &Call,
    #[tx] tx: &mut Transaction<'_, Db>,
) -> Answer {
    app.begin(call);
    match Db::enter(tx, call).await {
        Ok(()) => answer(call, app.end(call).await),
        Err(error) => {
            eprintln!("matrix-worker: no entry: {error}");
            Err(PayError::TryAgain(paid(call)))
        }
    }
}

pub(super) async fn axum(app: App, call: Call) -> Said {
    let handler = match &app.coupled {
        Coupled::Sqlite(_) => post(in_axum::<Sqlite>),
        Coupled::Postgres(_) => post(in_axum::<Postgres>),
        Coupled::MySql(_) => post(in_axum::<MySql>),
        Coupled::Never => panic!("this kind needs a database"),
    };
    let router = Router::new().route("/tx", handler).layer(app.idem.layer()).with_state(app);
    ask(router, call).await
}

pub(super) async fn plain(app: App, call: Call) -> Said {
    said(match &app.coupled {
        Coupled::Sqlite(idem) => in_a_function::<Sqlite>(&app, idem, &call).await,
        Coupled::Postgres(idem) => in_a_function::<Postgres>(&app, idem, &call).await,
        Coupled::MySql(idem) => in_a_function::<MySql>(&app, idem, &call).await,
        Coupled::Never => panic!("this kind needs a database"),
    })
}
