//! One claim, from the store call to the answer.
//!
//! The claim of a flight is a future that does not borrow from its caller. The leader polls it in place: a lone caller
//! needs no second thread. If the leader is dropped, or is not polled any more, the same future goes on in the keeper's
//! runtime, see [`follow`](super::follow). A claim is therefore never sent a second time while the first may still be
//! under way.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::backoff::Backoff;
use super::panics::caught;
use super::{Engine, later};
use crate::fault::{points, reach};
use crate::protocol::{Claim, ClaimOutcome, Nonce};
use crate::store::{Release, StoreError, StoreErrorKind};

/// A leader that neither has a claim under way nor has said that it will be silent for longer is given up after this.
const LEADER_SILENCE: Duration = Duration::from_secs(2);

/// A claim under way, with what is needed to follow it.
pub(super) struct Asked {
    pub(super) future: ClaimFuture,
    pub(super) lease: Duration,
    /// How long a released record is kept.
    pub(super) retention: Duration,
    /// What to do with the claim if it is won after its leader has left.
    pub(super) unclaimed: Unclaimed,
    /// Time just before the claim was sent.
    pub(super) since: Instant,
}

pub(super) type ClaimFuture = Pin<Box<dyn Future<Output = Result<ClaimOutcome, StoreError>> + Send>>;

/// What is left to do with a claim that is won after its leader is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclaimed {
    /// The handler never began: the key is released.
    Release,
    /// The handler has run, and reported an ambiguous outcome: the key is marked unknown.
    MarkUnknown,
}

/// The claim of one flight. Its leader polls it; the keeper's runtime takes it over where the leader does not.
pub(super) struct ClaimSlot {
    slot: Mutex<Slot>,
    /// Rings when the leader has taken the answer that the keeper's runtime had for it, or has left.
    resolved: Notify,
}

struct Slot {
    state: SlotState,
    /// The leader's task, while it waits.
    leader: Option<Waker>,
    /// When the keeper takes the claim over from a leader that was not polled.
    adopt_at: Instant,
    /// Until when the leader may be silent although no claim is under way.
    silent_until: Instant,
    /// The leader is gone.
    left: bool,
}

enum SlotState {
    /// No claim is under way.
    Idle,
    /// The leader polls the claim.
    Leader(Asked),
    /// The keeper's runtime polls the claim.
    Keeper,
    /// The keeper's runtime has the answer, and the leader has not taken it.
    Answered(Result<ClaimOutcome, StoreError>),
    /// The leader did not take the answer in time.
    GivenBack,
}

/// What the leader hears.
pub(super) enum Heard {
    Answer(Result<ClaimOutcome, StoreError>),
    /// The leader was not polled for too long: a claim that was won has been released again.
    GivenBack,
}

/// What a leader leaves behind.
pub(super) enum Left {
    /// A claim under way, which must be followed.
    Asked(Asked),
    /// A claim that the keeper's runtime follows already.
    Followed,
    /// No claim is under way.
    Nothing,
}

impl ClaimSlot {
    pub(super) fn new(now: Instant) -> Self {
        let silent_until = later(now, LEADER_SILENCE);
        let slot = Slot { state: SlotState::Idle, leader: None, adopt_at: now, silent_until, left: false };
        Self { slot: Mutex::new(slot), resolved: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a claim, which the leader polls.
    pub(super) fn start(&self, asked: Asked) {
        let mut slot = self.lock();
        slot.adopt_at = later(asked.since, asked.lease / 3);
        // What the leader does with the answer takes no time, or it says how long it will be silent.
        slot.silent_until = slot.adopt_at;
        slot.state = SlotState::Leader(asked);
    }

    /// Polls for the leader.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Heard> {
        let slot = &mut *self.lock();
        let waiting = match std::mem::replace(&mut slot.state, SlotState::Idle) {
            SlotState::Leader(mut asked) => match asked.future.as_mut().poll(cx) {
                Poll::Ready(answer) => return Poll::Ready(Heard::Answer(answer)),
                Poll::Pending => SlotState::Leader(asked),
            },
            SlotState::Keeper => SlotState::Keeper,
            SlotState::Answered(answer) => {
                self.resolved.notify_one();
                return Poll::Ready(Heard::Answer(answer));
            }
            SlotState::Idle | SlotState::GivenBack => return Poll::Ready(Heard::GivenBack),
        };
        slot.state = waiting;
        match &mut slot.leader {
            Some(leader) => leader.clone_from(cx.waker()),
            None => slot.leader = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// The leader will be silent for up to `span` from now.
    pub(super) fn silent_for(&self, span: Duration) {
        self.lock().silent_until = later(later(Instant::now(), span), LEADER_SILENCE);
    }

    /// True if no claim is under way and the leader should have been heard of.
    pub(super) fn leader_is_silent(&self, now: Instant) -> bool {
        let slot = self.lock();
        matches!(slot.state, SlotState::Idle | SlotState::GivenBack) && slot.silent_until < now
    }

    /// When the keeper takes over a claim that its leader polls.
    pub(super) fn adopt_at(&self) -> Option<Instant> {
        let slot = self.lock();
        matches!(slot.state, SlotState::Leader(_)).then_some(slot.adopt_at)
    }

    /// Takes the claim over from a leader that may not be polled any more. The leader is told the answer if it comes
    /// for it.
    pub(super) fn adopt(&self) -> Option<Asked> {
        match Self::take(&mut self.lock()) {
            Left::Asked(asked) => Some(asked),
            Left::Followed | Left::Nothing => None,
        }
    }

    /// The leader leaves. The caller must follow the claim that this returns.
    pub(super) fn leave(&self) -> Left {
        let mut slot = self.lock();
        slot.left = true;
        self.resolved.notify_one();
        Self::take(&mut slot)
    }

    /// Takes a claim that the leader polled, for the keeper's runtime.
    fn take(slot: &mut Slot) -> Left {
        match std::mem::replace(&mut slot.state, SlotState::Keeper) {
            SlotState::Leader(asked) => Left::Asked(asked),
            followed @ (SlotState::Keeper | SlotState::Answered(_)) => {
                slot.state = followed;
                Left::Followed
            }
            nothing @ (SlotState::Idle | SlotState::GivenBack) => {
                slot.state = nothing;
                Left::Nothing
            }
        }
    }

    /// The keeper's runtime has the answer. Wakes the leader, if there is one.
    pub(super) fn deliver(&self, answer: Result<ClaimOutcome, StoreError>) {
        let mut slot = self.lock();
        slot.state = SlotState::Answered(answer);
        if let Some(leader) = slot.leader.take() {
            leader.wake();
        }
    }

    /// The leader hears no answer any more.
    pub(super) fn close(&self) {
        self.lock().state = SlotState::GivenBack;
    }

    pub(super) fn leader_left(&self) -> bool {
        self.lock().left
    }

    /// Waits until the leader has taken the answer, or has left.
    pub(super) async fn resolved(&self) {
        if !self.leader_left() {
            self.resolved.notified().await;
        }
    }

    /// Takes back an answer that the leader has not taken.
    pub(super) fn take_back(&self) -> Option<Result<ClaimOutcome, StoreError>> {
        let mut slot = self.lock();
        match std::mem::replace(&mut slot.state, SlotState::GivenBack) {
            SlotState::Answered(answer) => Some(answer),
            other => {
                slot.state = other;
                None
            }
        }
    }
}

impl std::fmt::Debug for ClaimSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.lock().state {
            SlotState::Idle => "ClaimSlot(idle)",
            SlotState::Leader(_) => "ClaimSlot(polled by its leader)",
            SlotState::Keeper => "ClaimSlot(polled by the keeper)",
            SlotState::Answered(_) => "ClaimSlot(answered)",
            SlotState::GivenBack => "ClaimSlot(given back)",
        })
    }
}

/// What follows one question to the store.
enum Next {
    /// This is the answer.
    Decided(Result<ClaimOutcome, StoreError>),
    /// The question may have taken effect: it is repeated with its nonce.
    Repeat,
    /// The nonce is spent, and the handler never began: the claim begins anew with a fresh one.
    BeginAnew,
}

/// Asks the store until it has decided, always with the same nonce while an earlier copy may be under way.
///
/// A claim that was repeated may find its own record given up as unknown, or released by a sweep: the lease ended while
/// no answer came through. Its handler never began, so the record is released, and claimed again with a fresh nonce.
///
/// A question that panics is repeated, as one that was lost: the store failed, or its future was polled after its own
/// runtime had ended. This future itself never has to be made again, so it always knows which nonce may be under way.
pub(super) fn claim_until_decided(engine: Arc<Engine>, mut claim: Claim, since: Instant) -> ClaimFuture {
    Box::pin(async move {
        let mut repeated = false;
        let mut backoff = Backoff::for_questions();
        loop {
            let may_be_own = repeated || since.elapsed() >= claim.lease;
            let next = {
                let asked = pin!(ask(&engine, &claim, repeated, may_be_own));
                caught(asked).await
            };
            match next {
                Ok(Next::Decided(decided)) => return decided,
                Ok(Next::BeginAnew) => {
                    repeated = false;
                    claim.nonce = Nonce::fresh();
                    continue;
                }
                Ok(Next::Repeat) => {}
                Err(_) => engine.log_limits.refused.event(|suppressed| {
                    let address = claim.address;
                    tracing::error!(%address, suppressed, "a claim panicked, or its runtime has ended: it is repeated");
                }),
            }
            repeated = true;
            // The timer of a runtime that has ended panics.
            drop(caught(pin!(backoff.pause())).await);
        }
    })
}

async fn ask(engine: &Engine, claim: &Claim, repeated: bool, may_be_own: bool) -> Next {
    reach(points::ENGINE_CLAIM_BEFORE);
    let answer = under_way(engine.store.claim(claim.clone())).await;
    reach(points::ENGINE_CLAIM_AFTER);
    match answer {
        Err(error) if error.kind() == StoreErrorKind::Undecided => Next::Repeat,
        Ok(ClaimOutcome::Unknown) if may_be_own => match release_own_unknown(engine, claim).await {
            Ok(true) => Next::BeginAnew,
            Ok(false) => Next::Decided(Ok(ClaimOutcome::Unknown)),
            Err(error) if error.is_transient() => Next::Repeat,
            Err(error) => Next::Decided(Err(error)),
        },
        // Perhaps a sweep has released the nonce of this claim.
        Ok(ClaimOutcome::InFlight { .. }) if repeated => Next::BeginAnew,
        decided => Next::Decided(decided),
    }
}

/// Passes a fault point when the store has the claim and has not answered at once.
async fn under_way<T>(question: impl Future<Output = T>) -> T {
    let mut question = pin!(question);
    let mut passed = false;
    std::future::poll_fn(|cx| {
        let polled = question.as_mut().poll(cx);
        if polled.is_pending() && !std::mem::replace(&mut passed, true) {
            reach(points::ENGINE_CLAIM_UNDER_WAY);
        }
        polled
    })
    .await
}

/// Releases an unknown record that belongs to `claim`, whose handler never began. False if it belongs to another claim.
async fn release_own_unknown(engine: &Engine, claim: &Claim) -> Result<bool, StoreError> {
    reach(points::UNCLAIMED_LOOK_UP_BEFORE);
    let found = engine.in_time(engine.store.look_up(claim.address)).await;
    reach(points::UNCLAIMED_LOOK_UP_AFTER);
    let owner = match found? {
        Some(record) if record.owner.nonce == claim.nonce => record.owner,
        _ => return Ok(false),
    };
    let release = Release { address: claim.address, owner, retention: claim.terms.retention() };
    reach(points::UNCLAIMED_RELEASE_BEFORE);
    let released = engine.in_time(engine.store.release(release)).await;
    reach(points::UNCLAIMED_RELEASE_AFTER);
    released.map(|_| true)
}
