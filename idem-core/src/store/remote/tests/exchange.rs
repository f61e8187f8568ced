//! What is tried again, and what a caller is told of what is not.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::address;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{
    AfterCrash, Claim, ClaimOutcome, Fence, Namespace, Nonce, Owner, Tally, Terms, WriteOutcome,
};
use crate::store::remote::claims::ClaimWork;
use crate::store::remote::driver::{Change, Driver, Finish, Found};
use crate::store::remote::exchange::Exchange;
use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::remote::queue::Work as _;
use crate::store::remote::store::{Remote, Traffic};
use crate::store::remote::thread::Thread;
use crate::store::{
    Batch, Completion, Count, Entry, Page, Release, Renewal, StoreErrorKind, Sweep, SweepCount,
};

/// Fails as it is told, and otherwise finds every key free.
#[derive(Debug)]
pub(super) struct Told {
    /// One for each call; `None` lets it through.
    faults: Mutex<VecDeque<Option<DriverFault>>>,
    connects: AtomicUsize,
    calls: AtomicUsize,
    down: bool,
    /// The connection breaks under each call that finishes this one.
    hung_up_on: Mutex<Option<Address>>,
    /// How long it takes to refuse a claim.
    slow: Duration,
    /// One for each session that was ended.
    ended: Semaphore,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            faults: Mutex::default(),
            connects: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            down: false,
            hung_up_on: Mutex::default(),
            slow: Duration::ZERO,
            ended: Semaphore::new(0),
        }
    }
}

fn failure(kind: StoreErrorKind) -> Failure {
    Failure::new(kind, "as it was told")
}

impl Told {
    fn with(faults: impl IntoIterator<Item = DriverFault>) -> Remote<Self> {
        remote(Self { faults: Mutex::new(faults.into_iter().map(Some).collect()), ..Self::default() })
    }

    fn next(&self) -> Result<(), DriverFault> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.faults.lock().unwrap().pop_front().flatten().map_or(Ok(()), Err)
    }
}

fn remote(driver: Told) -> Remote<Told> {
    Remote::new(driver, Traffic { lanes: 1, timeout: Duration::from_secs(5) })
}

impl Driver for Told {
    type Link = ();
    type Session = ();

    async fn connect(&self) -> Result<(), DriverFault> {
        self.connects.fetch_add(1, Ordering::Relaxed);
        if self.down { Err(DriverFault::Unreached(failure(StoreErrorKind::Unavailable))) } else { Ok(()) }
    }

    async fn claim(&self, (): &mut (), claims: &[&Claim]) -> Result<Vec<Found>, DriverFault> {
        if claims.iter().any(|claim| claim.address == address("bad")) {
            return Err(DriverFault::Refused(failure(StoreErrorKind::Misconfigured)));
        }
        if claims.iter().any(|claim| claim.address == address("silent")) {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.slow).await;
        self.next()?;
        let unseen = address("unseen");
        let found = |claim: &&Claim| {
            if claim.address == unseen { Found::Nothing } else { Found::Fresh(Timestamp::from_micros(7)) }
        };
        Ok(claims.iter().map(found).collect())
    }

    async fn finish(&self, (): &mut (), finishes: &[&Finish]) -> Result<Vec<bool>, DriverFault> {
        self.next()?;
        let hung_up_on = *self.hung_up_on.lock().unwrap();
        if finishes.iter().any(|finish| Some(finish.address) == hung_up_on) {
            return Err(broken());
        }
        Ok(finishes.iter().map(|finish| finish.address != address("late")).collect())
    }

    async fn load(&self, (): &mut (), addresses: &[Address]) -> Result<Vec<Found>, DriverFault> {
        self.next()?;
        Ok(addresses.iter().map(|_| Found::Nothing).collect())
    }

    async fn change(&self, (): &mut (), _: &Change) -> Result<bool, DriverFault> {
        self.next().map(|()| true)
    }

    async fn renew(&self, (): &mut (), renewals: &[&Renewal]) -> Result<Vec<bool>, DriverFault> {
        self.next()?;
        Ok(vec![true; renewals.len()])
    }

    async fn sweep(&self, (): &mut (), _: &Sweep) -> Result<SweepCount, DriverFault> {
        self.next().map(|()| SweepCount::default())
    }

    async fn reap(&self, (): &mut (), limit: usize) -> Result<usize, DriverFault> {
        self.next().map(|()| limit)
    }

    async fn list(&self, (): &mut (), _: &Page) -> Result<Vec<Entry>, DriverFault> {
        self.next().map(|()| Vec::new())
    }

    async fn count(&self, (): &mut (), _: &Count) -> Result<u64, DriverFault> {
        self.next().map(|()| 0)
    }

    async fn tally(&self, (): &mut (), _: &Namespace) -> Result<Tally, DriverFault> {
        self.next().map(|()| Tally::default())
    }

    fn session(&self, (): &()) -> Option<()> {
        Some(())
    }

    async fn end(&self, (): &mut (), (): &()) -> Result<(), DriverFault> {
        self.ended.add_permits(1);
        Ok(())
    }

    async fn close(&self, (): ()) {}
}

pub(super) fn claim(key: &str) -> Claim {
    Claim {
        address: address(key),
        nonce: Nonce::fresh(),
        fingerprint: Fingerprint::none(),
        lease: Duration::from_secs(30),
        after_crash: AfterCrash::Unknown,
        terms: Terms::new(Duration::from_hours(1), Duration::from_secs(30), "shop"),
        label: Label::new("op", b""),
        key_hint: KeyHint::default(),
    }
}

fn broken() -> DriverFault {
    DriverFault::Broken(failure(StoreErrorKind::Unavailable))
}

fn calls(remote: &Remote<Told>) -> usize {
    remote.driver().calls.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_connection_that_broke_is_replaced_once() {
    let remote = Told::with([broken()]);
    assert!(matches!(remote.claim(claim("k")).await, Ok(ClaimOutcome::Won(_))));
    assert_eq!((calls(&remote), remote.driver().connects.load(Ordering::Relaxed)), (2, 2));
    // The second connection is kept.
    assert!(remote.claim(claim("l")).await.is_ok());
    assert_eq!(remote.driver().connects.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_write_that_was_lost_twice_is_undecided_and_a_read_is_not() {
    let remote = Told::with([broken(), broken()]);
    assert_eq!(remote.claim(claim("k")).await.unwrap_err().kind(), StoreErrorKind::Undecided);
    let remote = Told::with([broken(), broken()]);
    assert_eq!(remote.look_up(address("k")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!(calls(&remote), 2);
}

#[tokio::test]
async fn what_was_refused_after_a_lost_try_may_have_been_applied_by_it() {
    let shut = || DriverFault::Shut(failure(StoreErrorKind::Unavailable));
    let remote = Told::with([broken(), shut()]);
    assert_eq!(remote.claim(claim("k")).await.unwrap_err().kind(), StoreErrorKind::Undecided);
    let remote = Told::with([shut()]);
    assert_eq!(remote.claim(claim("k")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
}

/// The cause of the error is told, and the kind says that the write must be asked again.
#[tokio::test]
async fn a_write_whose_answer_cannot_be_read_is_undecided_and_a_read_is_not() {
    for kind in [StoreErrorKind::UnknownFormat, StoreErrorKind::Corrupt] {
        let unread = || [DriverFault::Unread(failure(kind))];
        assert_eq!(
            Told::with(unread()).claim(claim("k")).await.unwrap_err().kind(),
            StoreErrorKind::Undecided
        );
        let release = Release {
            address: address("k"),
            owner: Owner { fence: Fence::from_u64(7), nonce: Nonce::fresh() },
            retention: Duration::from_secs(1),
        };
        assert_eq!(
            Told::with(unread()).release(release).await.unwrap_err().kind(),
            StoreErrorKind::Undecided
        );
        assert_eq!(Told::with(unread()).look_up(address("k")).await.unwrap_err().kind(), kind);
        let (batch, _) = Batch::new(["a", "b", "c"].map(claim).to_vec());
        for answer in Told::with(unread()).claim_batch(batch).await {
            assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Undecided);
        }
    }
}

/// The look that was to tell what became of a write says nothing.
#[tokio::test]
async fn a_write_about_which_nothing_could_be_found_out_is_undecided() {
    for fault in [DriverFault::Shut, DriverFault::Unreached, DriverFault::Refused] {
        let remote = Told::with([]);
        *remote.driver().faults.lock().unwrap() =
            [None, Some(fault(failure(StoreErrorKind::Unavailable)))].into();
        let owner = Owner { fence: Fence::from_u64(7), nonce: Nonce::fresh() };
        let release = Release { address: address("late"), owner, retention: Duration::from_secs(1) };
        assert_eq!(remote.release(release).await.unwrap_err().kind(), StoreErrorKind::Undecided);
    }
}

#[tokio::test]
async fn what_was_never_sent_is_unavailable() {
    let remote = remote(Told { down: true, ..Told::default() });
    assert_eq!(remote.claim(claim("k")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!(calls(&remote), 0);
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_not_for_ever() {
    let again = || DriverFault::Again(failure(StoreErrorKind::Unavailable));
    let remote = Told::with(std::iter::repeat_with(again).take(5));
    assert!(remote.claim(claim("k")).await.is_ok());
    assert_eq!(remote.driver().connects.load(Ordering::Relaxed), 1);
    let remote = Told::with(std::iter::repeat_with(again).take(1000));
    assert_eq!(remote.claim(claim("k")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn a_refused_batch_is_tried_one_by_one() {
    let remote = Told::with([]);
    let (batch, _) = Batch::new(["a", "bad", "c"].map(claim).to_vec());
    let order: Vec<_> = batch.iter().map(|claim| claim.address).collect();
    let answers = remote.claim_batch(batch).await;
    for (at, answer) in order.into_iter().zip(answers) {
        match answer {
            Ok(_) => assert_ne!(at, address("bad")),
            Err(error) => {
                assert_eq!((at, error.kind()), (address("bad"), StoreErrorKind::Misconfigured));
            }
        }
    }
}

#[tokio::test]
async fn a_look_that_fails_concerns_only_those_it_was_for() {
    let shut = || DriverFault::Shut(failure(StoreErrorKind::Unavailable));
    let keys = ["a", "unseen", "c"];
    let remote = Told::with([]);
    // The claim's statement works, the look at what stood in the way does not.
    *remote.driver().faults.lock().unwrap() = [None, Some(shut())].into();
    let (batch, _) = Batch::new(keys.map(claim).to_vec());
    let order: Vec<_> = batch.iter().map(|claim| claim.address).collect();
    for (at, answer) in order.into_iter().zip(remote.claim_batch(batch).await) {
        assert_eq!(answer.is_err(), at == address("unseen"), "what is won is told");
    }
    *remote.driver().faults.lock().unwrap() = [None, Some(shut())].into();
    let owner = Owner { fence: Fence::from_u64(7), nonce: Nonce::fresh() };
    let release = |key| Release { address: address(key), owner, retention: Duration::from_secs(1) };
    let (batch, _) = Batch::new(["a", "late", "c"].map(release).to_vec());
    let order: Vec<_> = batch.iter().map(|release| release.address).collect();
    for (at, answer) in order.into_iter().zip(remote.release_batch(batch).await) {
        assert_eq!(answer.is_err(), at == address("late"), "what is applied is told");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_as_undecided() {
    let remote = Told::with([]);
    assert_eq!(remote.claim(claim("silent")).await.unwrap_err().kind(), StoreErrorKind::Undecided);
    assert!(remote.claim(claim("k")).await.is_ok());
}

#[tokio::test]
async fn a_call_that_is_given_up_is_ended_on_the_server() {
    let remote = Remote::new(Told::default(), Traffic { lanes: 1, timeout: Duration::from_millis(20) });
    assert_eq!(remote.claim(claim("silent")).await.unwrap_err().kind(), StoreErrorKind::Undecided);
    drop(remote.driver().ended.acquire().await.unwrap());
}

/// A future that was begun on a runtime that has ended since: its timers are not to be polled.
#[test]
fn a_future_outlives_its_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let remote = Remote::new(Told::default(), Traffic { lanes: 1, timeout: Duration::from_millis(20) });
    let first = runtime();
    let mut claim = Box::pin(remote.claim(claim("silent")));
    first.block_on(async {
        let sent = std::future::poll_fn(|cx| std::task::Poll::Ready(claim.as_mut().poll(cx)));
        assert!(sent.await.is_pending());
    });
    drop(first);
    assert_eq!(runtime().block_on(claim).unwrap_err().kind(), StoreErrorKind::Undecided);
}

/// One time for the whole batch, however many of its operations are refused.
#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_batch_when_its_time_is_up_is_not_sent() {
    let refused = || Some(DriverFault::Refused(failure(StoreErrorKind::Unavailable)));
    let faults = std::iter::repeat_with(refused).take(1000).collect();
    let told = Told { faults: Mutex::new(faults), slow: Duration::from_secs(2), ..Told::default() };
    let thread = Arc::new(Thread::new());
    let claims = ClaimWork(Arc::new(Exchange::new(told, thread, Duration::from_secs(5), 9)));
    let all: Vec<_> = (0..256).map(|n| claim(&n.to_string())).collect();
    for answer in claims.answer(&all).await {
        assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    // All together, and then one by one until seven and a half seconds are over.
    assert_eq!(claims.0.driver().calls.load(Ordering::Relaxed), 1 + 3);
}

pub(super) fn completion(key: &str, bytes: usize) -> Completion {
    let owner = Owner { fence: Fence::from_u64(7), nonce: Nonce::fresh() };
    Completion {
        address: address(key),
        owner,
        reply: vec![0; bytes].into(),
        retention: Duration::from_secs(1),
    }
}

/// As servers do that count the bytes before they read them, and cannot say so to a client that is still writing.
#[tokio::test]
async fn a_long_reply_on_which_every_connection_breaks_is_unstorable() {
    let kind = async |faults: Vec<Option<DriverFault>>, bytes| {
        let remote = Told::with([]);
        *remote.driver().faults.lock().unwrap() = faults.into();
        remote.complete(completion("k", bytes)).await.map_err(|error| error.kind())
    };
    let twice = || vec![Some(broken()), Some(broken())];
    assert_eq!(kind(twice(), 1 << 20).await, Err(StoreErrorKind::Unstorable));
    // A short one is no reason to hang up; nor is a long one, if the server answers nothing else either.
    assert_eq!(kind(twice(), 1000).await, Err(StoreErrorKind::Undecided));
    let thrice = [twice(), vec![Some(broken())]].concat();
    assert_eq!(kind(thrice, 1 << 20).await, Err(StoreErrorKind::Undecided));
    assert_eq!(kind(vec![Some(broken())], 1 << 20).await, Ok(WriteOutcome::Applied));
}

#[tokio::test]
async fn a_long_reply_on_which_every_connection_breaks_harms_no_neighbour() {
    let remote = Told::with([]);
    let order = ["a", "long", "c"].map(|key| completion(key, if key == "long" { 1 << 20 } else { 10 }));
    let (batch, _) = Batch::new(order.to_vec());
    let order: Vec<_> = batch.iter().map(|completion| completion.address).collect();
    *remote.driver().hung_up_on.lock().unwrap() = Some(address("long"));
    for (at, answer) in order.into_iter().zip(remote.complete_batch(batch).await) {
        match answer {
            Ok(outcome) => assert_eq!((outcome, at == address("long")), (WriteOutcome::Applied, false)),
            Err(error) => assert_eq!((error.kind(), at), (StoreErrorKind::Unstorable, address("long"))),
        }
    }
}
