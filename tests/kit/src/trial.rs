//! One case's hold on a backend: two handles used turn by turn, and the requests that the cases are written with.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Backend, Timing};
use idem_core::Reply;
use idem_core::address::Address;
use idem_core::clock::Timestamp;
use idem_core::fingerprint::Fingerprint;
use idem_core::protocol::{
    AfterCrash, Claim, ClaimOutcome, Namespace, Nonce, Order, Owner, Record, RecordView, RenewOutcome, Seen,
    State, StateKind, Terms, Verdict, Won, WriteOutcome,
};
use idem_core::store::{
    Batch, Completion, Count, Forget, Free, MarkUnknown, Release, Renewal, Settlement, Store, StoreError,
    Sweep, SweepCount,
};
use idem_core::{KeyHint, Label};

/// What a case of the suite is given.
///
/// The methods that only this crate sees panic when the store fails: nothing in a case gives it a reason to.
pub struct Trial<B: Backend> {
    backend: B,
    handles: [Arc<B::Store>; 2],
    turn: AtomicUsize,
}

impl<B: Backend> fmt::Debug for Trial<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").field("handles", &self.handles).finish_non_exhaustive()
    }
}

impl<B: Backend> Trial<B> {
    /// Opens two handles on `backend`.
    pub async fn new(backend: B) -> Self {
        let handles = [Arc::new(backend.open().await), Arc::new(backend.open().await)];
        Self { backend, handles, turn: AtomicUsize::new(0) }
    }

    /// The other handle with each call, so that what one wrote the other reads.
    pub fn store(&self) -> &B::Store {
        let [one, two] = &self.handles;
        if self.turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { one } else { two }
    }

    /// Where the records are.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// The spans to use.
    pub fn timing(&self) -> Timing {
        self.backend.timing()
    }

    pub(super) fn handles(&self) -> &[Arc<B::Store>; 2] {
        &self.handles
    }

    pub(super) fn short(&self) -> Duration {
        self.timing().short
    }

    pub(super) fn long(&self) -> Duration {
        self.timing().long
    }

    /// Lets every short lease and retention end.
    pub(super) async fn pass_short(&self) {
        self.backend.advance(self.short()).await;
    }

    /// A claim with a nonce of its own, a long lease, and nothing special.
    pub(super) fn ask(&self, key: &str) -> Claim {
        Claim::new(address(key), Nonce::fresh(), print(1), self.long(), self.terms(self.long()))
            .for_operators(Label::new("POST /conformance", b"suite"), KeyHint::of(key.as_bytes()))
    }

    /// Of a handler whose records live for `retention`.
    pub(super) fn terms(&self, retention: Duration) -> Terms {
        Terms::new(retention, self.long(), "conformance")
    }

    /// One that ends soon.
    pub(super) fn ask_briefly(&self, key: &str, after_crash: AfterCrash) -> Claim {
        with!(self.ask(key), lease = self.short(), after_crash)
    }

    pub(super) async fn claim(&self, claim: Claim) -> ClaimOutcome {
        sound("a claim", self.store().claim(claim).await)
    }

    /// A claim that must be won.
    #[track_caller]
    pub(super) fn won(&self, claim: Claim) -> impl Future<Output = Won> {
        let caller = std::panic::Location::caller();
        async move {
            match self.claim(claim).await {
                ClaimOutcome::Won(won) => won,
                other => panic!("{caller}: this claim must be won, and the store answered {other:?}"),
            }
        }
    }

    /// The owner of a new claim.
    pub(super) async fn owner_of(&self, key: &str) -> Owner {
        self.won(self.ask(key)).await.owner
    }

    /// A key whose owner is gone: its lease is over as soon as the caller lets time pass.
    pub(super) async fn abandon(&self, key: &str, after_crash: AfterCrash) -> Owner {
        self.won(self.ask_briefly(key, after_crash)).await.owner
    }

    pub(super) async fn complete(&self, key: &str, owner: Owner, reply: &Reply) -> WriteOutcome {
        self.complete_for(key, owner, reply, self.long()).await
    }

    pub(super) async fn complete_for(
        &self,
        key: &str,
        owner: Owner,
        reply: &Reply,
        retention: Duration,
    ) -> WriteOutcome {
        let completion = Completion::new(address(key), owner, reply.clone(), retention);
        sound("a completion", self.store().complete(completion).await)
    }

    pub(super) async fn release(&self, key: &str, owner: Owner) -> WriteOutcome {
        self.release_for(key, owner, self.long()).await
    }

    pub(super) async fn release_for(&self, key: &str, owner: Owner, retention: Duration) -> WriteOutcome {
        sound("a release", self.store().release(Release::new(address(key), owner, retention)).await)
    }

    pub(super) async fn mark_unknown(&self, key: &str, owner: Owner) -> WriteOutcome {
        sound("mark_unknown", self.store().mark_unknown(MarkUnknown::new(address(key), owner)).await)
    }

    pub(super) async fn renew(&self, key: &str, owner: Owner, lease: Duration) -> RenewOutcome {
        let (batch, _) = Batch::new(vec![Renewal::new(address(key), owner, lease)]);
        let mut answers = self.store().renew(batch).await;
        assert_eq!(answers.len(), 1, "a batch of one gets one answer");
        sound("a renewal", answers.remove(0))
    }

    pub(super) async fn settle(&self, settlement: Settlement) -> WriteOutcome {
        sound("a settlement", self.store().settle(settlement).await)
    }

    pub(super) async fn free(&self, freeing: Free) -> WriteOutcome {
        sound("freeing", self.store().free(freeing).await)
    }

    /// Of the record as it is, but for its owner.
    pub(super) async fn forget(&self, key: &str, owner: Owner) -> WriteOutcome {
        let forgetting = Forget::new(namespace(), address(key), self.seen(key, owner).await);
        sound("forgetting", self.store().forget(forgetting).await)
    }

    /// How the record of `key` is seen by an operator who believes it to be `owner`'s.
    pub(super) async fn seen(&self, key: &str, owner: Owner) -> Seen {
        match self.record(key).await {
            Some(record) => with!(Seen::of(&record), owner),
            None => unknown(owner),
        }
    }

    /// A verdict about an unknown record.
    pub(super) fn verdict(&self, key: &str, owner: Owner, verdict: Verdict) -> Settlement {
        let (address, seen, order) = (address(key), unknown(owner), order());
        Settlement::new(namespace(), address, seen, verdict, order, self.long())
    }

    /// Without grace and without bound.
    pub(super) async fn sweep(&self) -> SweepCount {
        let sweep = Sweep::new(namespace(), Duration::ZERO, self.long(), usize::MAX);
        sound("a sweep", self.store().sweep(sweep).await)
    }

    pub(super) async fn reap(&self, limit: usize) -> usize {
        sound("a reaping", self.store().reap(limit).await)
    }

    pub(super) async fn record(&self, key: &str) -> Option<Record> {
        sound("a look-up", self.store().look_up(address(key)).await)
    }

    /// The record, which must be there.
    pub(super) async fn present(&self, key: &str) -> Record {
        self.record(key)
            .await
            .unwrap_or_else(|| panic!("the record of {key} is gone, and nothing may have dropped it"))
    }

    /// The store's time: its clock if that stands still, else what it stamps on a new record.
    pub(super) async fn now(&self) -> Timestamp {
        if let Some(now) = self.backend.now() {
            return now;
        }
        let probe = format!("probe {:?}", Nonce::fresh());
        let owner = self.owner_of(&probe).await;
        let now = self.present(&probe).await.created;
        assert_eq!(self.release(&probe, owner).await, WriteOutcome::Applied, "an owner may release");
        assert_eq!(
            self.forget(&probe, owner).await,
            WriteOutcome::Applied,
            "a released record may be forgotten"
        );
        now
    }

    /// The record of `key` is still `before`, to the last field.
    pub(super) async fn assert_unchanged(&self, key: &str, before: &Record, rule: &str) {
        assert_eq!(self.record(key).await.as_ref(), Some(before), "{rule}, and nothing may be written");
    }
}

/// The namespace of the suite's records.
pub(super) fn namespace() -> Namespace {
    Namespace::new("conformance")
}

/// Of the suite's records.
pub(super) fn counting(state: StateKind) -> Count {
    Count::new(namespace(), state)
}

/// One fingerprint of each kind that this version knows.
pub(super) fn every_kind() -> impl Iterator<Item = Fingerprint> {
    (0..=u8::MAX).filter_map(|recipe| Fingerprint::from_stored(recipe, [recipe; 32]))
}

/// A record that is seen unknown.
pub(super) const fn unknown(owner: Owner) -> Seen {
    Seen::new(owner, StateKind::Unknown, None)
}

/// The order of the cases that do not care.
pub(super) fn order() -> Order {
    Order::by("ada").because("bank has no such charge")
}

/// Where the suite keeps `key`.
pub(super) fn address(key: &str) -> Address {
    Address::new("conformance", b"suite", "POST /conformance", key.as_bytes())
}

/// One fingerprint per number.
pub(super) fn print(number: u8) -> Fingerprint {
    Fingerprint::from_stored(3, [number; 32]).expect("the recipe of a value")
}

pub(super) fn reply(text: &str) -> Reply {
    Reply::from(text.as_bytes().to_vec())
}

/// What a loser is told of a record that the usual request completed.
pub(super) fn answered(reply: Reply) -> RecordView {
    RecordView::Done { reply, fingerprint: print(1) }
}

/// The stored reply of a record that must be done.
#[track_caller]
pub(super) fn reply_in(record: &Record) -> &Reply {
    match &record.state {
        State::Done { reply, .. } => reply,
        other => panic!("the record must be done, and is {other:?}"),
    }
}

/// What the store answered; any error is a failure, since no case gives it a reason to fail.
#[track_caller]
pub(super) fn sound<T>(what: &str, answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("{what} failed, which nothing in this case explains: {error:?}"))
}
