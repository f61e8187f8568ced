//! Which files are opened, and what of the others is said.

use std::sync::Arc;

use super::*;
use crate::protocol::State;
use crate::store::sqlite::link::{Link, Setup};

#[tokio::test]
async fn records_outlive_the_store() {
    let dir = Dir::new();
    let store = dir.store().await;
    complete(&store, "k").await;
    store.close().await;
    let record = dir.store().await.look_up(address("k")).await.unwrap().unwrap();
    assert!(matches!(record.state, State::Done { reply, .. } if reply.as_bytes() == b"answer of k"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_create_one_database_at_once() {
    let dir = Dir::new();
    let opening: Vec<_> = (0..12).map(|_| tokio::spawn(SqliteStore::open(dir.db()))).collect();
    let mut stores = Vec::new();
    for store in opening {
        stores.push(store.await.unwrap().unwrap());
    }
    assert_eq!(number(&dir.shell(), "SELECT value FROM idem_meta WHERE name = 'current_schema'"), 4);
    let mut won = 0;
    for store in &stores {
        won += u32::from(matches!(store.claim(claim("k")).await.unwrap(), ClaimOutcome::Won(_)));
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn tables_made_by_the_users_own_migrations_are_taken() {
    let dir = Dir::new();
    let user = dir.shell();
    for migration in SqliteStore::migrations() {
        sql(&user, migration);
    }
    win(&dir.store().await, "k").await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let dir = Dir::new();
    dir.store().await.close().await;
    sql(&dir.shell(), "UPDATE idem_meta SET value = 99 WHERE name = 'schema'");
    assert_eq!(kind(SqliteStore::open(dir.db()).await), StoreErrorKind::UnknownFormat);
}

#[tokio::test]
async fn a_newer_schema_that_leaves_room_for_this_code_is_used() {
    let dir = Dir::new();
    dir.store().await.close().await;
    sql(&dir.shell(), "UPDATE idem_meta SET value = 99 WHERE name = 'current_schema'");
    complete(&dir.store().await, "k").await;
    assert_eq!(number(&dir.shell(), "SELECT value FROM idem_meta WHERE name = 'current_schema'"), 99);
}

#[tokio::test]
async fn tables_of_the_same_name_that_are_not_idems_are_refused() {
    let dir = Dir::new();
    dir.store().await.close().await;
    sql(&dir.shell(), "DROP TABLE idem_meta; DROP TABLE idem_record; CREATE TABLE idem_record (a)");
    assert_eq!(kind(SqliteStore::open(dir.db()).await), StoreErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let dir = Dir::new();
    let text = "this is a shopping list, not a database\n".repeat(200);
    std::fs::write(dir.db(), &text).unwrap();
    assert_eq!(kind(SqliteStore::open(dir.db()).await), StoreErrorKind::Corrupt);
    assert_eq!(std::fs::read_to_string(dir.db()).unwrap(), text);
}

#[tokio::test]
async fn damage_is_told_as_such() {
    let dir = Dir::new();
    let store = dir.store().await;
    for key in 0..50 {
        win(&store, &key.to_string()).await;
    }
    store.close().await;
    let mut bytes = std::fs::read(dir.db()).unwrap();
    let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    // Leaves the first page, which says what tables there are.
    bytes.iter_mut().skip(page).for_each(|byte| *byte = 0xAA);
    std::fs::write(dir.db(), bytes).unwrap();
    let damaged = match SqliteStore::open(dir.db()).await {
        Ok(store) => kind(store.claim(claim("1")).await),
        Err(error) => error.kind(),
    };
    assert_eq!(damaged, StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_path_that_cannot_work_is_explained() {
    let dir = Dir::new();
    for path in
        [dir.0.join("missing").join("idem.db"), PathBuf::from(":memory:"), PathBuf::new(), dir.0.clone()]
    {
        let error = SqliteStore::open(&path).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{path:?}: {error}");
    }
}

#[tokio::test]
async fn a_file_that_vanished_is_not_replaced_by_an_empty_one() {
    let dir = Dir::new();
    let setup = Setup {
        path: Arc::from(dir.db()),
        durability: Durability::Normal,
        busy_timeout: Duration::from_secs(1),
    };
    let mut link = Link::create(setup).unwrap();
    link.discard();
    std::fs::remove_file(dir.db()).unwrap();
    assert_eq!(link.connection().unwrap_err().to_error().kind(), StoreErrorKind::Misconfigured);
    assert!(!dir.db().exists());
}
