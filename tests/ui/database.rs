//! What fixtures with `#[tx]` share: a database in a file of its own, with a table of sales and a store in it.
//!
//! ```
//! #[idempotent]
//! async fn pay(#[tx] tx: &mut SqliteTx<'_>) -> String {
//!     sell(tx, "tea").await.unwrap();
//!     "sold".to_owned()
//! }
//!
//! #[tokio::test]
//! async fn passes() {
//!     let shop = Shop::new().await;
//!     let app = shop.serve(Router::new().route("/", post(pay)));
//!     replays(&app, &Call::post("/").key("k")).await;
//!     assert_eq!(shop.sales().await, ["tea"]);
//! }
//! ```

// Each fixture needs a part of it.
#![allow(dead_code)]

use axum::Router;
use idem_core::store::sqlite::SqliteStore;
use idem_core::{Idem, Scope};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{SqliteConnection, SqlitePool};

/// A database.
pub(crate) struct Shop {
    pub(crate) idem: Idem<SqliteStore>,
    pool: SqlitePool,
    _directory: tempfile::TempDir,
}

impl Shop {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shop.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.unwrap();
        let table = sqlx::query("CREATE TABLE sale (what TEXT NOT NULL UNIQUE)");
        table.execute(&pool).await.map(drop).unwrap();
        let store = SqliteStore::builder(path).pool(&pool).open().await.unwrap();
        let idem = Idem::builder(store).scope(Scope::public()).build();
        Self { idem, pool, _directory: directory }
    }

    /// `router` under idem.
    pub(crate) fn serve(&self, router: Router) -> Router {
        router.layer(self.idem.layer())
    }

    /// What was committed, in order.
    pub(crate) async fn sales(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT what FROM sale ORDER BY rowid").fetch_all(&self.pool).await.unwrap()
    }
}

/// An effect.
pub(crate) async fn sell(connection: &mut SqliteConnection, what: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO sale VALUES ($1)").bind(what).execute(connection).await.map(drop)
}
