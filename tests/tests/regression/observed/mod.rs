//! What `idem_core::observe` documents is what is emitted, and its numbers are exact.

mod away;
mod axum;
mod gauges;
mod plain;
mod recorded;
mod service;
mod superseding;
mod tx;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idem_core::protocol::{Claim, Nonce, Terms};
use idem_core::store::Store;
use idem_core::store::memory::MemoryStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::{Address, AfterCrash, Drained, Fingerprint, Idem, Refused, Scope, idempotent};
use idem_testing::servers::{require, shared};
use metrics_util::debugging::{DebuggingRecorder, Snapshotter};
use sqlx::postgres::PgPoolOptions;
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

const DOCUMENT: &str = include_str!("../../../../idem-core/src/observe/mod.rs");

/// The rows of the table of metrics: name, labels.
fn documented() -> Seen {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("//! | `idem_"));
    rows.map(|row| {
        let mut cells = row.split('|').map(str::trim);
        let name = format!("idem_{}", cells.next().expect("a name").trim_matches('`'));
        let labels = cells.nth(1).expect("labels").split(',').map(|label| label.trim().trim_matches('`'));
        (name, labels.filter(|label| !label.is_empty()).map(str::to_owned).collect())
    })
    .collect()
}

/// The metrics of this process: name, labels.
fn emitted(snapshotter: &Snapshotter) -> Seen {
    let mut all = Seen::new();
    for (key, ..) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        assert!(!format!("{key:?}").contains("SECRET"), "{key:?}");
        let labels = all.entry(key.name().to_owned()).or_default();
        labels.extend(key.labels().map(|label| label.key().to_owned()));
    }
    all.retain(|name, _| name.starts_with("idem_"));
    all
}

#[idempotent(with = idem, key = order, name = "observed")]
async fn settle(idem: &Idem, order: &str, held: &Notify) -> Result<u32, Refused> {
    held.notified().await;
    Ok(42)
}

type Seen = BTreeMap<String, BTreeSet<String>>;

/// A first call whose lease is renewed, a replay, and a refusal.
async fn calls<S: Store>(store: S, snapshotter: &Snapshotter, seen: &mut Seen) {
    let store = Arc::new(store);
    let idem = Idem::builder(Arc::clone(&store))
        .scope(Scope::public())
        .lease(Duration::from_secs(1))
        .sweep_interval(Duration::from_millis(50))
        .build()
        .erase();
    let held = Arc::new(Notify::new());
    let first = tokio::spawn({
        let (idem, held) = (idem.clone(), Arc::clone(&held));
        async move { settle(&idem, "SECRET", &held).await }
    });
    // Its lease is renewed after a third of it.
    while !seen.contains_key("idem_renewals_total") {
        seen.append(&mut emitted(snapshotter));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    held.notify_one();
    assert_eq!(first.await.expect("no panic"), Ok(42));
    assert_eq!(settle(&idem, "SECRET", &held).await, Ok(42));
    assert!(settle(&idem, "", &held).await.is_err());
    idem.operator().record_gauges().await.expect("a tally");
    // Again where a sweep was faster.
    for key in 0.. {
        take_over(&*store, &idem, &format!("SECRET {key}")).await;
        seen.append(&mut emitted(snapshotter));
        if seen.contains_key("idem_takeovers_total") {
            break;
        }
    }
}

/// A claim of a process that is gone, and a call that takes it over.
async fn take_over(store: &impl Store, idem: &Idem, key: &str) {
    let lease = Duration::from_millis(1);
    let address = Address::new("", b"", "observed", key.as_bytes());
    let terms = Terms::new(Duration::from_hours(1), lease, "");
    let claim = Claim::new(address, Nonce::fresh(), Fingerprint::none(), lease, terms);
    let _won = store.claim(claim.after_crash(AfterCrash::Rerun)).await.expect("a claim");
    let held = Notify::new();
    held.notify_one();
    while settle(idem, key, &held).await != Ok(42) {
        tokio::time::sleep(lease).await;
    }
}

#[test]
fn the_table_of_metrics_is_what_is_emitted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("no other recorder in this process");
    let Some(url) = require(shared::postgres()) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let mut seen = Seen::new();
    runtime.block_on(async {
        calls(MemoryStore::new(), &snapshotter, &mut seen).await;
        let sqlite = SqliteStore::open(directory.path().join("idem.db")).await.expect("a store");
        calls(sqlite, &snapshotter, &mut seen).await;
        let pool = PgPoolOptions::new().connect_lazy(url).expect("a URL");
        let store = PostgresStore::builder(&pool).table("idem_observed").open().await.expect("a store");
        calls(store, &snapshotter, &mut seen).await;
    });
    let documented = documented();
    assert_eq!(documented.len(), 13, "{documented:?}");
    // Snapshots take what was counted: sweeps and renewals may still be to come.
    for _ in 0..600 {
        seen.append(&mut emitted(&snapshotter));
        if seen.len() == documented.len() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(seen, documented);
}

/// The fields that `idem.operation` spans of this thread were given.
#[derive(Debug, Clone, Default)]
struct Spans(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() != "idem.operation" {
            return;
        }
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        let mut all = self.0.lock().expect("no panic");
        all.push(fields);
        context.span(id).expect("it is new").extensions_mut().insert(all.len() - 1);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).expect("it is open");
        if let Some(at) = span.extensions().get::<usize>() {
            values.record(&mut Fields(&mut self.0.lock().expect("no panic")[*at]));
        }
    }
}

#[test]
fn a_span_says_what_became_of_its_operation_and_holds_no_key() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
        let held = Notify::new();
        held.notify_one();
        assert_eq!(settle(&idem, "SECRET", &held).await, Ok(42));
        assert_eq!(settle(&idem, "SECRET", &held).await, Ok(42));
        assert_eq!(idem.drain(Duration::ZERO).await, Drained::Clean);
        assert!(settle(&idem, "SECRET-2", &held).await.is_err());
    });
    let spans = spans.0.lock().expect("no panic");
    let field = |at: usize, name: &str| spans[at].get(name).map(String::as_str);
    assert_eq!(spans.len(), 3, "{spans:?}");
    assert_eq!((field(0, "outcome"), field(0, "attempt")), (Some("\"completed\""), Some("1")));
    assert_eq!((field(1, "outcome"), field(1, "attempt")), (Some("\"replayed\""), None));
    assert_eq!((field(2, "outcome"), field(2, "code")), (Some("\"refused\""), Some("\"shutting-down\"")));
    for span in &*spans {
        assert_eq!(span.get("operation").map(String::as_str), Some("\"observed\""));
        assert!(span.contains_key("wait_ms"), "{span:?}");
        assert!(!format!("{span:?}").contains("SECRET"), "{span:?}");
        for name in span.keys() {
            assert!(DOCUMENT.contains(&format!("`{name}`")), "{name} is not documented");
        }
    }
}
