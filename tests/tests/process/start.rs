//! What a server says that cannot start.

use std::fs;

use sqlx::{Connection, SqliteConnection};

use crate::support::{Shared, Target, post, refuses_to_start};

#[test]
fn a_store_or_framework_that_is_not_built_in_is_said_so_and_no_password_is_shown() {
    let (code, said) = refuses_to_start(&["--store", "mongodb://u:SECRET@h/db"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("this build has no mongodb store"), "{said}");
    assert!(!said.contains("SECRET"), "{said}");
    let (code, said) = refuses_to_start(&["--framework", "actix"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("this build has no actix framework"), "{said}");
}

#[test]
fn a_database_that_cannot_be_reached_is_said_so_and_no_password_is_shown() {
    // No process listens on port 1.
    for url in [
        "postgres://u:SECRET@127.0.0.1:1/db",
        "mysql://u:SECRET@127.0.0.1:1/db",
        "redis://:SECRET@127.0.0.1:1",
    ] {
        let (code, said) = refuses_to_start(&["--store", url]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("cannot be reached"), "{said}");
        assert!(!said.contains("SECRET"), "{said}");
    }
}

#[test]
fn a_bad_option_is_said_so() {
    for bad in [["--ttl", "24"], ["--lease", "1 s"], ["--on-error", "maybe"], ["--listen", "nowhere"]] {
        let (code, said) = refuses_to_start(&bad);
        assert_eq!(code, 2, "{bad:?}: {said}");
        assert!(said.contains(bad[0]), "{bad:?}: {said}");
    }
}

#[test]
fn a_directory_that_does_not_exist_is_said_so() {
    let shared = Shared::new();
    let store = format!("sqlite:{}/absent/idem.db", shared.path().display());
    let (code, said) = refuses_to_start(&["--store", &store]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("directory"), "{said}");
}

#[test]
fn a_file_that_is_no_database_is_said_so_and_left_as_it_is() {
    let shared = Shared::new();
    let garbage = b"this is a letter and no database, however long you look at it".repeat(200);
    fs::write(shared.database(), &garbage).expect("a file");
    let (code, said) = refuses_to_start(&["--store", &shared.store()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the store cannot be opened"), "{said}");
    assert_eq!(fs::read(shared.database()).expect("a file"), garbage);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_said_so() {
    let shared = Shared::new();
    shared.start(&[]).send(&post("/pay").key("k"));
    let url = format!("sqlite:{}", shared.database().display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the database opens");
    sqlx::query("UPDATE idem_meta SET value = 1000 WHERE name = 'schema'")
        .execute(&mut connection)
        .await
        .expect("an update");
    connection.close().await.expect("it closes");
    let (code, said) = refuses_to_start(&["--store", &shared.store()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("newer version"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_said_so() {
    let target = Target::start(&[]);
    let (code, said) = refuses_to_start(&["--listen", &target.address().to_string()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("cannot listen"), "{said}");
    assert_eq!(target.send(&post("/pay").key("k")).status, 201, "the other one is not disturbed");
}
