//! Where the claim of a flight is, and who polls it.
//!
//! The claim of a flight is a [future that does not borrow](super::claim) from its caller. The leader polls it in place: a
//! lone caller needs no second thread. If the leader is dropped, or is not polled any more, the same future goes on in the
//! keeper's runtime, see [`follow`](super::follow). A claim is therefore never sent a second time while the first may still
//! be under way.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::later;
use crate::protocol::ClaimOutcome;
use crate::store::StoreError;

/// A leader that neither has a claim under way nor has said that it will be silent for longer is given up after this.
pub(super) const LEADER_SILENCE: Duration = Duration::from_secs(2);

/// A claim that does not borrow from its caller, so that any thread can poll it to its answer.
pub(super) type ClaimFuture = Pin<Box<dyn Future<Output = Result<ClaimOutcome, StoreError>> + Send>>;

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
        slot.adopt_at = later(asked.since, (asked.lease / 3).min(LEADER_SILENCE));
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
