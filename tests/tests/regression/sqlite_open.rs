//! Files that must not be taken for an empty store: to forget every key is to run everything again.

use std::fs;
use std::path::Path;

use idem_core::store::sqlite::SqliteStore;
use idem_core::store::{Store, StoreErrorKind};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

async fn refused(path: &Path) -> (StoreErrorKind, String) {
    let error = SqliteStore::open(path).await.expect_err("it must not open");
    (error.kind(), error.to_string())
}

/// A store that was opened and closed.
async fn store_in(directory: &TempDir) -> std::path::PathBuf {
    let path = directory.path().join("idem.db");
    let store = SqliteStore::open(&path).await.expect("a new store");
    store.reap(1).await.expect("it works");
    store.close().await;
    path
}

async fn change(path: &Path, sql: &'static str) {
    let url = format!("sqlite:{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the database opens");
    sqlx::query(sql).execute(&mut connection).await.expect("the statement runs");
    connection.close().await.expect("it closes");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let directory = TempDir::new().expect("a directory");
    let path = store_in(&directory).await;
    change(&path, "UPDATE idem_meta SET value = 1000 WHERE name = 'schema'").await;
    for _ in 0..2 {
        let (kind, message) = refused(&path).await;
        assert_eq!(kind, StoreErrorKind::UnknownFormat);
        assert!(message.contains("newer version"), "{message}");
    }
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let directory = TempDir::new().expect("a directory");
    let path = store_in(&directory).await;
    let mut bytes = fs::read(&path).expect("the file");
    // All of the schema's first page but the header that makes it a database.
    bytes[100..4096].fill(0xFF);
    fs::write(&path, &bytes).expect("the file");
    assert_eq!(refused(&path).await.0, StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("letter.txt");
    fs::write(&path, b"dear reader, this is a letter. ".repeat(500)).expect("the file");
    assert_eq!(refused(&path).await.0, StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_directory_that_does_not_exist_is_not_made() {
    let directory = TempDir::new().expect("a directory");
    let absent = directory.path().join("absent");
    let (kind, message) = refused(&absent.join("idem.db")).await;
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    assert!(message.contains("does not exist"), "{message}");
    assert!(!absent.exists());
}

/// Permissions do not hold for root: a test that runs as root runs `test` in a thread with another user's identity.
#[cfg(target_os = "linux")]
fn as_a_user(test: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(move || {
        if rustix::process::geteuid().is_root() {
            rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534)).unwrap();
        }
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
    });
    thread.join().unwrap();
}

/// The first call is too late for the error.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_told_when_the_store_opens() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    for (file, of_directory) in
        [(Some(0o444), 0o777), (Some(0o666), 0o555), (Some(0o444), 0o555), (None, 0o555)]
    {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("idem.db");
        if let Some(mode) = file {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(store_in(&directory));
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        set_permissions(directory.path(), Permissions::from_mode(of_directory)).unwrap();
        let shown = format!("{file:?} in {of_directory:o}");
        as_a_user(async move {
            let (kind, text) = refused(&path).await;
            assert_eq!(kind, StoreErrorKind::Misconfigured, "{shown}: {text}");
            assert!(text.contains("writ") && text.contains("its directory"), "{shown}: {text}");
        });
        set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
    }
}

/// A process of another user that was killed leaves such a log.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_is_told_when_the_store_opens() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let held = runtime.block_on(SqliteStore::open(directory.path().join("idem.db"))).unwrap();
    for unwritable in ["idem.db-wal", "idem.db-shm"] {
        let left = tempfile::tempdir().unwrap();
        set_permissions(left.path(), Permissions::from_mode(0o777)).unwrap();
        for name in ["idem.db", "idem.db-wal", "idem.db-shm"] {
            fs::copy(directory.path().join(name), left.path().join(name)).unwrap();
            let mode = if name == unwritable { 0o444 } else { 0o666 };
            set_permissions(left.path().join(name), Permissions::from_mode(mode)).unwrap();
        }
        let path = left.path().join("idem.db");
        as_a_user(async move {
            let (kind, text) = refused(&path).await;
            assert_eq!(kind, StoreErrorKind::Misconfigured, "{unwritable}: {text}");
        });
    }
    drop(held);
}
