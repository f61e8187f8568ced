//! A look at all unknown records whose operation has a hook.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Instant;

use tokio::task::JoinSet;

use super::super::flight::{Flight, FlightEnd, Joined};
use super::super::{CallSite, Engine, Purpose};
use super::find_out::HookPlace;
use crate::protocol::StateKind;
use crate::store::{Entry, Page};

/// Records to a page.
const PAGE: usize = 100;
/// Hooks that are asked at once.
const AT_ONCE: usize = 4;

/// Begins a round on the keeper's thread, unless one is under way. Hooks run on the runtime of the calls.
pub(in crate::engine) fn begin(engine: &Arc<Engine>) {
    if engine.config.hooks.is_empty() || engine.verifier.round_running.swap(true, Ordering::AcqRel) {
        return;
    }
    let ends = Ends(Arc::downgrade(engine));
    tokio::spawn(async move {
        round(&ends.0).await;
        drop(ends);
    });
}

/// However a round ends, another may begin.
struct Ends(Weak<Engine>);

impl Drop for Ends {
    fn drop(&mut self) {
        if let Some(engine) = self.0.upgrade() {
            engine.verifier.round_running.store(false, Ordering::Release);
        }
    }
}

/// Holds the engine only while it is at something, so that a long round does not keep it alive.
async fn round(engine: &Weak<Engine>) {
    let mut after = None;
    let mut asking = JoinSet::new();
    while let Some(page) = next_page(engine, after).await {
        let Some(last) = page.last() else { break };
        after = Some(last.address);
        for entry in page {
            let Some(engine) = engine.upgrade() else { return };
            if !wanted(&engine, &entry) {
                continue;
            }
            if asking.len() >= AT_ONCE {
                drop(asking.join_next().await);
            }
            asking.spawn(async move { one(engine, entry).await });
        }
        tokio::task::yield_now().await;
    }
    while asking.join_next().await.is_some() {}
}

async fn next_page(engine: &Weak<Engine>, after: Option<crate::Address>) -> Option<Vec<Entry>> {
    let engine = engine.upgrade().filter(|engine| !engine.draining.load(Ordering::SeqCst))?;
    let page = Page { namespace: engine.namespace(), state: StateKind::Unknown, after, limit: PAGE };
    let page = engine.store.call(CallSite::VERIFY_LIST, |store| store.list(page)).await;
    page.inspect_err(|error| engine.log_failed(Purpose::of("look for unknown outcomes"), error)).ok()
}

/// A round leaves a record of an older version alone, because such a record names no namespace: it may belong to another
/// service, which this hook cannot ask. A call with its key asks about it.
fn wanted(engine: &Engine, entry: &Entry) -> bool {
    let record = &entry.record;
    engine.namespace().owns(record)
        && engine.config.hooks.get(record.label.operation()).is_some()
        && engine.may_ask(entry.address, record.owner, record.lease_or(engine.config.policy.lease))
}

async fn one(engine: Arc<Engine>, entry: Entry) {
    let Entry { address, record } = entry;
    // Another call of this process is at the record: its handler still runs, or it asks the hook itself.
    let Joined::Leader(flight) = engine.flights.join(address, record.fingerprint, Instant::now()) else {
        return;
    };
    flight.claim.silent_for(engine.find_out_limit());
    let landing = LandOnDrop { engine: &engine, flight };
    // No call has brought a runtime for the hook yet: a later round may find one.
    let Some(place) = engine.verifier.home.runtime() else { return };
    let policy = &engine.config.policy;
    engine.find_out(address, record.label.operation(), policy.lease, policy.ttl, HookPlace::On(&place)).await;
    drop(landing);
}

/// Calls that came meanwhile ask the store, however this ends.
struct LandOnDrop<'e> {
    engine: &'e Engine,
    flight: Arc<Flight>,
}

impl Drop for LandOnDrop<'_> {
    fn drop(&mut self) {
        self.engine.flights.land(&self.flight, FlightEnd::Open);
    }
}
