//! From schema 1 to the present one.

use super::*;
use crate::protocol::{Fence, Order, Record, Seen, State, Verdict, WriteOutcome};
use crate::store::{Free, Page, Settlement};

/// What the code wrote that knew no other schema than the first.
const INSERT: &str = "INSERT INTO idem_record (address, format, state, fence, nonce, lease, expires, attempts, \
     after_crash, recipe, digest, created, label, key_hint, reply) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

fn record(n: u8, state: State) -> Record {
    let began = 1_000_000_000 + u64::from(n);
    Record {
        fingerprint: Fingerprint::of_value(&n).unwrap(),
        // Of a first attempt, the fence is the time of creation.
        owner: Owner { fence: Fence::from_u64(began + u64::from(n % 2)), nonce: Nonce::from_bytes([n; 16]) },
        attempts: u32::from(1 + n % 2),
        after_crash: if n.is_multiple_of(3) { AfterCrash::Rerun } else { AfterCrash::Unknown },
        created: Timestamp::from_micros(began),
        label: Label::new(["pay", "ship", "12"][usize::from(n % 3)], b"acme"),
        key_hint: KeyHint::of(format!("keykey-{n:09}").as_bytes()),
        audit: None,
        terms: None,
        state,
    }
}

fn records() -> Vec<(Address, Record)> {
    let time = |n: u8| Timestamp::from_micros(2_000_000_000_000_000 + u64::from(n));
    let state = |n: u8| match n % 7 {
        0 => State::Running { lease: time(n) },
        1 | 2 => State::Done { reply: vec![n; usize::from(n) * 40].into(), expires: time(n) },
        3 => State::Released { expires: time(n) },
        4 => State::Unknown,
        5 => State::Unwinding,
        _ => State::Stuck,
    };
    (0..210).map(|n| (address(&n.to_string()), record(n, state(n)))).collect()
}

fn micros(time: Timestamp) -> i64 {
    i64::try_from(time.as_micros()).unwrap()
}

fn insert(shell: &Connection, address: Address, record: &Record) {
    let (lease, expires, reply) = match &record.state {
        State::Running { lease } => (Some(micros(*lease)), None, None),
        State::Done { reply, expires } => (None, Some(micros(*expires)), Some(reply.as_bytes())),
        State::Released { expires } => (None, Some(micros(*expires)), None),
        _ => (None, None, None),
    };
    let values = rusqlite::params![
        &address.as_bytes()[..],
        record.state.kind().as_u8(),
        i64::try_from(record.owner.fence.as_u64()).unwrap(),
        &record.owner.nonce.as_bytes()[..],
        lease,
        expires,
        record.attempts,
        u8::from(record.after_crash == AfterCrash::Rerun),
        record.fingerprint.recipe(),
        &record.fingerprint.digest()[..],
        micros(record.created),
        record.label.as_str(),
        record.key_hint.as_str(),
        reply,
    ];
    assert_eq!(shell.execute(INSERT, values).unwrap(), 1);
}

/// A database of schema 1 with these records.
fn first_schema(dir: &Dir, records: &[(Address, Record)]) -> Connection {
    let shell = dir.shell();
    sql(&shell, SqliteStore::migrations()[0]);
    sql(&shell, "BEGIN");
    for (address, record) in records {
        insert(&shell, *address, record);
    }
    sql(&shell, "COMMIT");
    assert_eq!(number(&shell, "SELECT value FROM idem_meta WHERE name = 'schema'"), 1);
    shell
}

#[tokio::test]
async fn every_record_is_kept() {
    let dir = Dir::new();
    let records = records();
    drop(first_schema(&dir, &records));
    let store = dir.store().await;
    for (address, record) in &records {
        assert_eq!(store.look_up(*address).await.unwrap().as_ref(), Some(record));
    }
    for state in StateKind::ALL {
        let of_state = |(address, record): &(Address, Record)| {
            (record.state.kind() == state)
                .then(|| crate::store::Entry { address: *address, record: record.clone() })
        };
        let mut expected: Vec<_> = records.iter().filter_map(of_state).collect();
        expected.sort_by_key(|entry| entry.address);
        assert_eq!(store.count(counting(state)).await.unwrap(), expected.len() as u64);
        assert_eq!(
            store.list(Page { namespace: namespace(), state, after: None, limit: 1000 }).await.unwrap(),
            expected
        );
    }
    let shell = dir.shell();
    assert_eq!(number(&shell, "SELECT value FROM idem_meta WHERE name = 'current_schema'"), 4);
    assert_eq!(number(&shell, "SELECT value FROM idem_meta WHERE name = 'schema'"), 3, "older code goes on");
    assert_eq!(number(&shell, "SELECT value FROM idem_meta WHERE name = 'records'"), 210);
    assert_eq!(number(&shell, "SELECT count(*) FROM idem_record"), 210);
    assert_eq!(number(&shell, "SELECT count(*) FROM idem_label"), 3);
    assert_eq!(texts(&shell, "PRAGMA integrity_check", "integrity_check"), ["ok"]);
}

#[tokio::test]
async fn what_was_claimed_before_is_completed_after() {
    let dir = Dir::new();
    let now = Timestamp::from_micros(1_000_000_000);
    let owner = Owner { fence: Fence::from_u64(now.as_micros()), nonce: Nonce::fresh() };
    let running = State::Running { lease: now + MINUTE };
    drop(first_schema(&dir, &[(address("k"), Record { owner, ..record(0, running) })]));
    let store = dir.store().await;
    let applied = store.complete(completion("k", owner)).await.unwrap();
    assert_eq!(applied, WriteOutcome::Applied);
    win(&store, "new").await;
    assert_eq!(number(&dir.shell(), "SELECT value FROM idem_meta WHERE name = 'records'"), 2);
}

/// Nothing is known of the handler that claimed it.
#[tokio::test]
async fn what_was_claimed_before_lives_for_the_time_that_the_order_says() {
    let dir = Dir::new();
    let now = Timestamp::from_micros(1_000_000_000);
    let owner = Owner { fence: Fence::from_u64(now.as_micros()), nonce: Nonce::fresh() };
    let lapsed = State::Running { lease: now };
    let running = |after_crash| Record { owner, after_crash, ..record(0, lapsed.clone()) };
    let records = [
        (address("settled"), running(AfterCrash::Unknown)),
        (address("freed"), running(AfterCrash::Unknown)),
        (address("swept"), running(AfterCrash::Rerun)),
    ];
    drop(first_schema(&dir, &records));
    let clock = Arc::new(HandClock::default());
    let store = dir.store_with(&clock).await;
    let sweep =
        crate::store::Sweep { namespace: namespace(), grace: Duration::ZERO, retention: MINUTE, limit: 10 };
    store.sweep(sweep).await.unwrap();
    let seen = Seen { owner, state: StateKind::Unknown, until: None };
    let (order, retention) = (Order::by("ada"), MINUTE);
    let (verdict, address_of) = (Verdict::DidNotHappen, address);
    let settlement = Settlement {
        namespace: namespace(),
        address: address_of("settled"),
        seen,
        verdict,
        order: order.clone(),
        retention,
    };
    assert_eq!(store.settle(settlement).await.unwrap(), WriteOutcome::Applied);
    let freeing = Free { namespace: namespace(), address: address_of("freed"), seen, order, retention };
    assert_eq!(store.free(freeing).await.unwrap(), WriteOutcome::Applied);
    for key in ["settled", "freed", "swept"] {
        let record = store.look_up(address(key)).await.unwrap().unwrap();
        assert_eq!(record.state, State::Released { expires: clock.now() + MINUTE }, "{key}");
        assert_eq!(record.terms, None, "{key}");
    }
}

#[tokio::test]
async fn a_long_reader_does_not_keep_a_migration_waiting() {
    let dir = Dir::new();
    let reader = first_schema(&dir, &records());
    // As every file is that a store has opened.
    assert_eq!(texts(&reader, "PRAGMA journal_mode = WAL", "journal_mode"), ["wal"]);
    sql(&reader, "BEGIN");
    assert_eq!(number(&reader, "SELECT count(*) FROM idem_record"), 210);
    dir.store().await;
    // It still sees what it saw.
    assert_eq!(number(&reader, "SELECT value FROM idem_meta WHERE name = 'schema'"), 1);
    sql(&reader, "COMMIT");
    assert_eq!(number(&reader, "SELECT value FROM idem_meta WHERE name = 'schema'"), 3);
}

#[tokio::test]
async fn a_long_writer_is_told_of_and_then_waited_for_no_more() {
    let dir = Dir::new();
    let writer = first_schema(&dir, &records());
    sql(&writer, "BEGIN IMMEDIATE");
    let open = || SqliteStore::builder(dir.db()).busy_timeout(Duration::from_millis(50)).open();
    let error = open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains(&dir.db().display().to_string()), "{error}");
    sql(&writer, "COMMIT");
    open().await.unwrap();
}

/// The long writer holds the write lock.
#[tokio::test]
async fn what_is_migrated_already_is_opened_beside_a_long_writer() {
    let dir = Dir::new();
    dir.store().await.close().await;
    let writer = dir.shell();
    sql(&writer, "BEGIN IMMEDIATE");
    let open = SqliteStore::builder(dir.db()).busy_timeout(Duration::from_millis(50)).open();
    assert!(open.await.unwrap().look_up(address("k")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_row_of_a_format_yet_unknown_stays_one() {
    let dir = Dir::new();
    let shell = first_schema(&dir, &records());
    sql(&shell, "UPDATE idem_record SET format = 2");
    drop(shell);
    let store = dir.store().await;
    for (address, _) in records() {
        assert_eq!(kind(store.look_up(address).await), StoreErrorKind::UnknownFormat);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_migrate_one_database_at_once() {
    let dir = Dir::new();
    drop(first_schema(&dir, &records()));
    let opening: Vec<_> = (0..8).map(|_| tokio::spawn(SqliteStore::open(dir.db()))).collect();
    for store in opening {
        assert_eq!(store.await.unwrap().unwrap().count(counting(StateKind::Stuck)).await.unwrap(), 30);
    }
}

#[tokio::test]
async fn what_cannot_be_migrated_is_left_as_it_is() {
    let dir = Dir::new();
    let shell = first_schema(&dir, &records());
    sql(&shell, "CREATE TABLE idem_label (somebody_elses)");
    assert_eq!(kind(SqliteStore::open(dir.db()).await), StoreErrorKind::Misconfigured);
    assert_eq!(number(&shell, "SELECT value FROM idem_meta WHERE name = 'schema'"), 1);
    assert_eq!(number(&shell, "SELECT count(lease) FROM idem_record"), 30);
}
