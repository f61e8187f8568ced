//! Inside a transaction no other operation of the same store can run, and the running one is known.

use std::sync::Arc;

use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::OperationKey;
use idem_core::{Idem, Refused, Scope, idempotent};

use crate::world::Database as _;

#[idempotent(with = idem, key = key, name = "inner")]
async fn inner(idem: &Idem<SqliteStore>, key: &str) -> Result<u32, Refused> {
    Ok(1)
}

#[tokio::test]
async fn operations_of_the_same_store_are_refused_at_once() {
    let (directory, path) = sqlx::Sqlite::place().unwrap();
    let pool = sqlx::Sqlite::pool(&path).await;
    let store = Arc::new(sqlx::Sqlite::store(&pool, &path, "").await);
    let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).build();
    let other = sqlx::Sqlite::place().unwrap();
    let other = Idem::builder(SqliteStore::open(&other.1).await.unwrap()).scope(Scope::public());
    let other = other.build();
    let key = || OperationKey::new("outer", "k");
    let done = idem
        .transaction(key(), async |_| {
            let current = idem_core::current().unwrap();
            assert_eq!((current.operation(), current.attempt(), current.fence()), ("outer", 1, None));
            let again = idem.transaction(key(), async |_| Ok::<_, Refused>(0)).await;
            assert_eq!(again, Err(Refused::Reentered));
            let further = OperationKey::new("further", "k");
            let further = idem.transaction(further, async |_| Ok::<_, Refused>(0)).await;
            assert_eq!(further, Err(Refused::InsideTransaction));
            // Another store is another matter.
            inner(&other, "k").await
        })
        .await;
    assert_eq!(done, Ok(1));
    assert!(idem_core::current().is_none());
    drop(directory);
}
