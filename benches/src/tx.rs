//! A transaction of two business statements: alone, and with its idempotency record in it.

use std::sync::Arc;

use idem_core::store::postgres::PostgresStore;
use idem_core::tx::OperationKey;
use idem_core::{Idem, Refused, Scope};
use idem_testing::servers::{Postgres, require};
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};

use crate::contender::{Contender, Work, key};
use crate::race::{What, race};
use crate::stats::Median;
use crate::table::sync_latency;

const ACCOUNTS: i32 = 10_000;

pub(crate) async fn run(turns: usize) {
    for (durability, synchronous) in [("commits asynchronous", "off"), ("commits synchronous", "on")] {
        let builder = Postgres::builder().setting("shared_buffers", "256MB").setting("max_wal_size", "4GB");
        let builder = builder.setting("fsync", "on").setting("synchronous_commit", synchronous);
        let Some(server) = require(builder.start()) else { return };
        let pool = PgPoolOptions::new().max_connections(16).test_before_acquire(false);
        let pool = pool.connect(&server.url()).await.expect("a pool");
        set_up(&pool).await;
        let idem = async |table: &str, riding: bool| {
            let store = PostgresStore::builder(&pool).table(table).claim_with_begin(riding);
            let store = store.open().await.expect("a store");
            let idem = Idem::builder(store).scope(Scope::public()).build();
            Arc::new(Coupled(idem)) as Arc<dyn Contender>
        };
        let contenders = [
            ("claim and completion as statements of their own", idem("apart", false).await),
            ("claim with BEGIN", idem("riding", true).await),
            ("BEGIN, two statements, COMMIT", Arc::new(Bare(pool.clone())) as Arc<dyn Contender>),
        ];
        println!(
            "\nPostgreSQL, #[tx] beside the bare transaction, {durability}, a sync takes {}",
            sync_latency()
        );
        let all: Vec<_> = contenders.iter().map(|(_, contender)| Arc::clone(contender)).collect();
        for callers in [1, 64] {
            let rates = race(&all, What::Pair, callers, turns).await;
            let bare = &rates[2];
            for ((name, _), rates) in contenders.iter().zip(&rates) {
                let ratios = rates.iter().zip(bare).map(|(ours, bare)| ours / bare).collect();
                let rate = Median::of(rates.clone()).mid();
                println!("{callers:>3} callers  {name:<48} {rate:>7.0}/s  {}", Median::of(ratios));
            }
        }
    }
}

async fn set_up(pool: &PgPool) {
    let sql = "CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL);
        CREATE TABLE ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int NOT NULL, amount int NOT NULL);
        INSERT INTO account SELECT n, 1000 FROM generate_series(0, 9999) n";
    sqlx::raw_sql(sql).execute(pool).await.expect("tables");
}

async fn business(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let account = fastrand::i32(..ACCOUNTS);
    sqlx::query("UPDATE account SET balance = balance - 1 WHERE id = $1")
        .bind(account)
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO ledger (account, amount) VALUES ($1, 1)")
        .bind(account)
        .execute(connection)
        .await?;
    Ok(())
}

struct Bare(PgPool);

impl Contender for Bare {
    fn run(&self, _: String) -> Work<'_> {
        Box::pin(async {
            let mut tx = self.0.begin().await.expect("a transaction");
            business(&mut tx).await.expect("two statements");
            tx.commit().await.expect("a commit");
        })
    }
}

struct Coupled(Idem<PostgresStore>);

impl Contender for Coupled {
    fn run(&self, _: String) -> Work<'_> {
        Box::pin(async {
            let key = OperationKey::new("transfer", &key());
            let done = self.0.transaction(key, async |tx| {
                business(tx).await.expect("two statements");
                Ok::<_, Refused>("x".repeat(64))
            });
            assert!(done.await.is_ok());
        })
    }
}
