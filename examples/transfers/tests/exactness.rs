//! The program as a user runs it: its exit status says whether every cent is where it belongs.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use idem_testing::servers::{Postgres, require, shared};
use sqlx::Connection;

/// Small enough for a test, and with a kill every few dozen transfers.
const BOUNDED: &str = "--callers 16 --kills-every 50 --duplicates 0.2";

fn transfers(options: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transfers"));
    command.args(BOUNDED.split(' ')).args(options.split(' ')).stdout(Stdio::piped());
    command
}

fn table(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The number in the row of that label.
fn number(table: &str, label: &str) -> u64 {
    let row = table.lines().find(|line| line.contains(label)).unwrap_or_else(|| panic!("{label}: {table}"));
    row.split(['│', '┆']).rev().find_map(|cell| cell.trim().parse().ok()).unwrap_or_else(|| panic!("{row}"))
}

#[track_caller]
fn assert_exact(output: &Output) {
    let table = table(output);
    assert_eq!(output.status.code(), Some(0), "{table}");
    assert!(number(&table, "servers killed") > 0, "{table}");
    assert!(number(&table, "requests sent again") > 0, "{table}");
    assert!(number(&table, "told: refused") > 0, "{table}");
    assert_eq!(number(&table, "rows of the ledger"), number(&table, "told: made"), "{table}");
}

#[test]
fn on_sqlite() {
    assert_exact(&transfers("--transfers 600").output().unwrap());
}

#[test]
fn on_postgres() {
    let Some(url) = require(shared::postgres()) else { return };
    assert_exact(&transfers(&format!("--transfers 600 --store {url}")).output().unwrap());
}

#[test]
fn on_mariadb() {
    let Some(url) = require(shared::mariadb()) else { return };
    assert_exact(&transfers(&format!("--transfers 600 --store {url}")).output().unwrap());
}

/// Both servers of the program die now and then, and here the database does, too.
#[test]
fn on_a_postgres_that_is_killed_itself() {
    let Some(server) = require(Postgres::builder().setting("fsync", "on").start()) else { return };
    let running = transfers(&format!("--transfers 1200 --store {}", server.url()))
        // Servers that start meanwhile say that the database is away.
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for rows in [150, 500] {
        until_there_are(rows, &server.url());
        server.kill().unwrap();
        server.start_again().unwrap();
    }
    assert_exact(&running.wait_with_output().unwrap());
}

#[test]
fn without_idem_money_moves_twice() {
    let output = transfers("--transfers 300 --without-idem").output().unwrap();
    let table = table(&output);
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(number(&table, "transfers made twice") > 0, "{table}");
}

#[test]
fn a_demonstration_that_cannot_be_is_2() {
    for options in ["--store nowhere", "--store sqlite:/nowhere/at/all/bank.db"] {
        assert_eq!(transfers(options).stderr(Stdio::null()).status().unwrap().code(), Some(2), "{options}");
    }
}

/// Waits until so many transfers are made.
fn until_there_are(rows: i64, url: &str) {
    const COUNT: &str = "SELECT count(*) FROM transfers_ledger";
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        loop {
            let counted = async {
                let mut connection = sqlx::PgConnection::connect(url).await?;
                sqlx::query_scalar::<_, i64>(COUNT).fetch_one(&mut connection).await
            };
            match counted.await {
                Ok(there) if there >= rows => return,
                // Not so many yet, or no table.
                Ok(_) | Err(_) => assert!(begun.elapsed() < Duration::from_mins(2), "never: {rows} rows"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}
