//! The same bank on each database.

use std::time::Duration;

use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::store::{Store, StoreError};
use idem_core::tx::TxStore;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{MySql, Pool, Postgres, Sqlite, Transaction};

use super::sql::{BALANCES, CREATE, LEDGER, NUMBERS, QUESTION_MARKS};
use crate::api::{NewTransfer, Transfer, TransferError};

/// How long a request waits for a connection, and a statement for a locked file.
const PATIENCE: Duration = Duration::from_secs(5);

/// All that the bank has written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Books {
    /// By account.
    pub(crate) balances: Vec<i64>,
    /// In no order.
    pub(crate) ledger: Vec<Transfer>,
}

/// A database with a bank in it.
pub(crate) trait Bank: sqlx::Database {
    /// The idempotency store that lives in it.
    type Store: TxStore<Database = Self> + Store + 'static;

    /// Connections to it, made when they are needed.
    fn pool(place: &str) -> Result<Pool<Self>, sqlx::Error>;

    /// The store, on these very connections.
    fn store(pool: &Pool<Self>, place: &str) -> impl Future<Output = Result<Self::Store, StoreError>>;

    /// Makes the tables anew, with `accounts` accounts from 0, each with this balance.
    fn found(pool: &Pool<Self>, accounts: i64, balance: i64)
    -> impl Future<Output = Result<(), sqlx::Error>>;

    /// Begins a transaction that no idem watches.
    fn begin(
        pool: &Pool<Self>,
    ) -> impl Future<Output = Result<Transaction<'static, Self>, sqlx::Error>> + Send;

    /// Moves the money and enters it into the ledger.
    fn book(
        tx: &mut Transaction<'_, Self>,
        payer: i64,
        new: &NewTransfer,
    ) -> impl Future<Output = Result<Transfer, TransferError>> + Send;

    /// All that is committed.
    fn books(pool: &Pool<Self>) -> impl Future<Output = Result<Books, sqlx::Error>>;
}

/// A row of the ledger.
fn entry((receipt, order, from, to, amount): (i64, i64, i64, i64, i64)) -> Transfer {
    Transfer { receipt, order, payer: from, payee: to, amount }
}

macro_rules! statements {
    ($sql:ident) => {
        async fn found(pool: &Pool<Self>, accounts: i64, balance: i64) -> Result<(), sqlx::Error> {
            for statement in CREATE {
                sqlx::raw_sql(statement).execute(pool).await?;
            }
            let mut tx = pool.begin().await?;
            for account in 0..accounts {
                sqlx::query($sql.open).bind(account).bind(balance).execute(&mut *tx).await?;
            }
            tx.commit().await
        }

        async fn book(
            tx: &mut Transaction<'_, Self>,
            payer: i64,
            new: &NewTransfer,
        ) -> Result<Transfer, TransferError> {
            if new.amount <= 0 || new.to == payer {
                return Err(TransferError::Senseless);
            }
            let transfer = Transfer::new(payer, new);
            let take = sqlx::query($sql.take).bind(new.amount).bind(payer).bind(new.amount);
            let give = sqlx::query($sql.give).bind(new.amount).bind(new.to);
            // The lower account first, so that two transfers cannot wait for each other. What was given before the
            // funds turn out to be short is taken back with the transaction.
            let (taken, given) = if payer < new.to {
                let taken = take.execute(&mut **tx).await?;
                (taken, give.execute(&mut **tx).await?)
            } else {
                let given = give.execute(&mut **tx).await?;
                (take.execute(&mut **tx).await?, given)
            };
            if given.rows_affected() == 0 {
                return Err(TransferError::NoSuchPayee);
            }
            if taken.rows_affected() == 0 {
                return Err(TransferError::FundsShort);
            }
            let enter = sqlx::query($sql.enter).bind(transfer.receipt).bind(transfer.order);
            let enter = enter.bind(transfer.payer).bind(transfer.payee).bind(transfer.amount);
            enter.execute(&mut **tx).await?;
            Ok(transfer)
        }

        async fn books(pool: &Pool<Self>) -> Result<Books, sqlx::Error> {
            let balances = sqlx::query_scalar(BALANCES).fetch_all(pool).await?;
            let rows = sqlx::query_as(LEDGER).fetch_all(pool).await?;
            Ok(Books { balances, ledger: rows.into_iter().map(entry).collect() })
        }
    };
}

impl Bank for Sqlite {
    type Store = SqliteStore;

    fn pool(path: &str) -> Result<Pool<Self>, sqlx::Error> {
        let options =
            SqliteConnectOptions::new().filename(path).create_if_missing(true).busy_timeout(PATIENCE);
        Ok(SqlitePoolOptions::new().acquire_timeout(PATIENCE).connect_lazy_with(options))
    }

    async fn store(pool: &Pool<Self>, path: &str) -> Result<SqliteStore, StoreError> {
        SqliteStore::builder(path).pool(pool).open().await
    }

    async fn begin(pool: &Pool<Self>) -> Result<Transaction<'static, Self>, sqlx::Error> {
        pool.begin_with("BEGIN IMMEDIATE").await
    }

    statements!(QUESTION_MARKS);
}

impl Bank for Postgres {
    type Store = PostgresStore;

    fn pool(url: &str) -> Result<Pool<Self>, sqlx::Error> {
        PgPoolOptions::new().acquire_timeout(PATIENCE).connect_lazy(url)
    }

    async fn store(pool: &Pool<Self>, _: &str) -> Result<PostgresStore, StoreError> {
        PostgresStore::connect(pool).await
    }

    async fn begin(pool: &Pool<Self>) -> Result<Transaction<'static, Self>, sqlx::Error> {
        pool.begin().await
    }

    statements!(NUMBERS);
}

impl Bank for MySql {
    type Store = MySqlStore;

    fn pool(url: &str) -> Result<Pool<Self>, sqlx::Error> {
        MySqlPoolOptions::new().acquire_timeout(PATIENCE).connect_lazy(url)
    }

    async fn store(pool: &Pool<Self>, _: &str) -> Result<MySqlStore, StoreError> {
        MySqlStore::connect(pool).await
    }

    async fn begin(pool: &Pool<Self>) -> Result<Transaction<'static, Self>, sqlx::Error> {
        pool.begin().await
    }

    statements!(QUESTION_MARKS);
}
