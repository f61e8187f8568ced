//! What the conformance suite cannot know: files, processes, transactions and threads.

mod formats;
mod layout;
mod life;
mod migration;
mod model;
mod opening;
mod plans;
mod rounds;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rusqlite::Connection;

use super::{Durability, SqliteStore};
use crate::address::Address;
use crate::clock::{Clock, Timestamp};
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{AfterCrash, Claim, ClaimOutcome, Namespace, Nonce, Owner, StateKind, Terms};
use crate::store::{Answers, BoxFuture, Completion, Count, Store, StoreError, StoreErrorKind};

const MINUTE: Duration = Duration::from_mins(1);

/// A directory that goes with the test.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("idem-sqlite-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    fn db(&self) -> PathBuf {
        self.0.join("idem.db")
    }

    async fn store(&self) -> SqliteStore {
        self.store_with(&Arc::new(HandClock::default())).await
    }

    async fn store_with(&self, clock: &Arc<HandClock>) -> SqliteStore {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        SqliteStore::builder(self.db()).durability(Durability::Normal).clock(clock).open().await.unwrap()
    }

    /// A connection of another user of the file.
    fn shell(&self) -> Connection {
        Connection::open(self.db()).unwrap()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // What a store still writes to elsewhere may keep it; nothing depends on it.
        let _ignored = std::fs::remove_dir_all(&self.0);
    }
}

fn sql(shell: &Connection, statements: &str) {
    shell.execute_batch(statements).unwrap();
}

fn number(shell: &Connection, query: &str) -> i64 {
    shell.query_row(query, [], |row| row.get(0)).unwrap()
}

/// One column of a query's rows. Parameters are left NULL.
fn texts(shell: &Connection, query: &str, column: &str) -> Vec<String> {
    let mut statement = shell.prepare(query).unwrap();
    let rows = statement.raw_query().mapped(|row| row.get(column));
    rows.map(Result::unwrap).collect()
}

/// Moved by hand, and able to stop a thread that asks it.
#[derive(Debug)]
struct HandClock {
    micros: AtomicU64,
    gates: Mutex<VecDeque<Gate>>,
}

#[derive(Debug)]
struct Gate {
    reached: mpsc::Sender<()>,
    open: mpsc::Receiver<()>,
}

/// The next look at the clock waits at this gate until it is opened or dropped.
struct Held {
    reached: mpsc::Receiver<()>,
    _open: mpsc::Sender<()>,
}

impl Default for HandClock {
    fn default() -> Self {
        Self { micros: AtomicU64::new(1_000_000_000), gates: Mutex::default() }
    }
}

impl HandClock {
    fn advance(&self, by: Duration) {
        self.micros.fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }

    fn hold(&self) -> Held {
        let (reached_tx, reached) = mpsc::channel();
        let (open, open_rx) = mpsc::channel();
        self.gates.lock().unwrap().push_back(Gate { reached: reached_tx, open: open_rx });
        Held { reached, _open: open }
    }
}

impl Held {
    /// Waits until a thread stands at the gate.
    fn reached(&self) {
        self.reached.recv_timeout(MINUTE).unwrap();
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        let gate = self.gates.lock().unwrap().pop_front();
        if let Some(gate) = gate {
            let _ignored = gate.reached.send(());
            // Nothing is ever sent: the gate opens by being dropped.
            let _opened = gate.open.recv();
        }
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

fn address(key: &str) -> Address {
    Address::new("shop", b"acme", "pay", key.as_bytes())
}

fn claim(key: &str) -> Claim {
    Claim {
        address: address(key),
        nonce: Nonce::fresh(),
        fingerprint: Fingerprint::of_value(&"EUR 10").unwrap(),
        lease: Duration::from_secs(30),
        after_crash: AfterCrash::Unknown,
        terms: Terms::new(Duration::from_hours(1), Duration::from_secs(30), "shop"),
        label: Label::new("pay", b"acme"),
        key_hint: KeyHint::of(key.as_bytes()),
    }
}

/// Of [`claim`]'s records.
fn namespace() -> Namespace {
    Namespace::new("shop")
}

fn counting(state: StateKind) -> Count {
    Count { namespace: namespace(), state }
}

fn completion(key: &str, owner: Owner) -> Completion {
    let reply = format!("answer of {key}").into_bytes().into();
    Completion { address: address(key), owner, reply, retention: Duration::from_hours(1) }
}

async fn win(store: &SqliteStore, key: &str) -> Owner {
    owner_of(store.claim(claim(key)).await)
}

fn owner_of(outcome: Result<ClaimOutcome, StoreError>) -> Owner {
    match outcome.unwrap() {
        ClaimOutcome::Won(won) => won.owner,
        other => panic!("not won: {other:?}"),
    }
}

/// Polls once, which sends the operation.
async fn is_pending<T>(operation: &mut BoxFuture<'_, T>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(operation.as_mut().poll(cx).is_pending())).await
}

fn all_won(outcomes: Answers<ClaimOutcome>) {
    for outcome in outcomes {
        owner_of(outcome);
    }
}

async fn complete(store: &SqliteStore, key: &str) {
    let owner = win(store, key).await;
    assert_eq!(store.complete(completion(key, owner)).await.unwrap(), crate::protocol::WriteOutcome::Applied);
}

fn kind<T: std::fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.unwrap_err().kind()
}
