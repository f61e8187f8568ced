//! What the operations work on: a database file of their own.

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tempfile::TempDir;

/// The rows with `bolts`, 16 and `bob` are there for what a careless operation could confuse or destroy.
const TABLES: &str = "
    CREATE TABLE goods (id TEXT PRIMARY KEY, stock INTEGER NOT NULL, version INTEGER NOT NULL);
    INSERT INTO goods VALUES ('nuts', 5, 1), ('bolts', 3, 1);
    CREATE TABLE deliveries (id INTEGER PRIMARY KEY, item TEXT NOT NULL);
    INSERT INTO deliveries VALUES (16, 'bolts');
    CREATE TABLE notes (delivery INTEGER NOT NULL, item TEXT NOT NULL); -- no key
    INSERT INTO notes VALUES (16, 'bolts');
    CREATE TABLE accounts (id TEXT PRIMARY KEY, balance INTEGER NOT NULL);
    INSERT INTO accounts VALUES ('ada', 100), ('bob', 100);
    CREATE TABLE applied (credit INTEGER PRIMARY KEY);
    INSERT INTO applied VALUES (16);
";

/// Every row of every table.
const ROWS: &str = "
    SELECT 'goods ' || id || ' ' || stock || ' v' || version FROM goods
    UNION ALL SELECT 'delivery ' || id || ' ' || item FROM deliveries
    UNION ALL SELECT 'note ' || delivery || ' ' || item FROM notes
    UNION ALL SELECT 'account ' || id || ' ' || balance FROM accounts
    UNION ALL SELECT 'applied ' || credit FROM applied
    ORDER BY 1
";

/// A fresh database.
#[derive(Debug)]
pub(crate) struct Warehouse {
    pub(crate) db: SqlitePool,
    /// Goes when this value does, with the database in it.
    _directory: TempDir,
}

impl Warehouse {
    /// # Panics
    /// Where no database can be made: nothing could be shown then.
    pub(crate) async fn open() -> Self {
        let directory = TempDir::with_prefix("natural-").expect("a temporary directory");
        let file = SqliteConnectOptions::new()
            .filename(directory.path().join("warehouse.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // It need not outlive the machine.
            .synchronous(SqliteSynchronous::Off);
        // Open before they are needed, so that copies of an operation start abreast.
        let pool = SqlitePoolOptions::new().min_connections(4).max_connections(4).test_before_acquire(false);
        let db = pool.connect_with(file).await.expect("an SQLite file");
        sqlx::raw_sql(TABLES).execute(&db).await.expect("fresh tables");
        Self { db, _directory: directory }
    }

    /// All that there is.
    pub(crate) async fn rows(&self) -> Vec<String> {
        sqlx::query_scalar(ROWS).fetch_all(&self.db).await.expect("the rows of the tables")
    }
}
