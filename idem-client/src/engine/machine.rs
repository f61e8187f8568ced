//! The state machine.

use std::time::Duration;

use fastrand::Rng;

use super::step::Kind;
use super::{
    Ending, FullJitter, Pause, Permit, Policy, Reached, Refresh, Repeat, Schedule, Step, StopReason, Verdict,
};

/// Delays of zero must not turn polling into a busy loop.
const POLL_BASE: Duration = Duration::from_millis(1);

/// Decides one operation. All times are measured from any one moment before [`begin`](Self::begin), by a clock that
/// never goes back.
pub struct Engine {
    pub(super) policy: Policy,
    pub(super) repeat: Repeat,
    pub(super) reached: Reached,
    pub(super) refresh: Refresh,
    pub(super) delays: Schedule,
    pub(super) poll_delays: FullJitter,
    pub(super) rng: Rng,
    pub(super) deadline: Duration,
    pub(super) poll_until: Option<Duration>,
    pub(super) look: Look,
    pub(super) last: Ending,
    pub(super) attempts: u32,
    pub(super) polls: u32,
    pub(super) failures: u32,
    pub(super) waits: Vec<Duration>,
}

/// Whether another poll may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    More,
    Last,
}

impl Engine {
    /// Starts an operation at `now` and gives its first step: the first attempt, or a stop if there is nothing to
    /// be sent safely (a resumed request in doubt that nothing allows to repeat) or no time.
    ///
    /// `reached` is [`Reached::Nothing`] for a new operation, and what earlier attempts may have done for one that is
    /// resumed. The same `seed` gives the same waits. Without `delays` they are the policy's [`FullJitter`].
    #[must_use]
    pub fn begin(
        policy: &Policy,
        repeat: Repeat,
        reached: Reached,
        seed: u64,
        delays: Option<Schedule>,
        now: Duration,
    ) -> (Self, Step) {
        let mut rng = Rng::with_seed(seed);
        let (base, cap) = (policy.base_delay, policy.max_delay);
        let delays = delays.unwrap_or_else(|| Box::new(FullJitter::new(base, cap, rng.u64(..))));
        let mut engine = Self {
            repeat,
            reached,
            refresh: policy.unauthorized,
            delays,
            poll_delays: FullJitter::new(base.max(POLL_BASE), cap.max(POLL_BASE), rng.u64(..)),
            rng,
            deadline: now.saturating_add(policy.total_timeout),
            poll_until: None,
            look: Look::More,
            last: if reached == Reached::Nothing { Ending::NotSent } else { Ending::Unknown },
            attempts: 0,
            polls: 0,
            failures: 0,
            waits: Vec::new(),
            policy: policy.clone(),
        };
        let step = if repeat == Repeat::Never && reached != Reached::Nothing {
            engine.stop(StopReason::NotRepeatable)
        } else {
            engine.send(Kind::Attempt, now)
        };
        (engine, step)
    }

    /// Takes the verdict on the attempt that `permit` allowed.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "it is spent by this")]
    pub fn settle(&mut self, permit: Permit, verdict: Verdict, now: Duration) -> Step {
        match verdict {
            Verdict::Final(ending) => {
                if matches!(ending, Ending::InProgress | Ending::Unknown) {
                    self.reached = Reached::InDoubt;
                }
                self.end(ending, StopReason::Final)
            }
            Verdict::Again { hint, reached } => {
                self.reached = self.reached.max(reached);
                self.last = Ending::Unknown;
                self.failed(hint, now)
            }
            Verdict::InProgress { hint } => {
                self.reached = Reached::InDoubt;
                self.last = Ending::InProgress;
                self.poll(hint, now)
            }
            Verdict::Denied(refresh) => self.denied(refresh, now),
            Verdict::Undelivered => {
                self.last = self.undelivered();
                self.failed(None, now)
            }
            Verdict::Lost => {
                self.reached = Reached::InDoubt;
                self.last = Ending::Unknown;
                self.failed(None, now)
            }
            Verdict::Unusable => {
                self.reached = Reached::InDoubt;
                self.end(Ending::Unknown, StopReason::Unusable)
            }
            Verdict::NotMade => {
                let count = match permit.kind {
                    Kind::Attempt => &mut self.attempts,
                    Kind::Poll => &mut self.polls,
                };
                *count = count.saturating_sub(1);
                self.stop(StopReason::NotPrepared)
            }
        }
    }

    /// Goes on after a wait. Called too early, it asks to wait for the rest.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "it is spent by this")]
    pub fn resume(&mut self, pause: Pause, now: Duration) -> Step {
        match pause.due.checked_sub(now) {
            Some(rest) if !rest.is_zero() => Step::Wait(Pause { duration: rest, ..pause }),
            _ => self.send(pause.next, now),
        }
    }

    /// How often the request was sent, polls not counted.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How often the request was sent to ask after an operation in progress. Attempts and polls together are the
    /// requests that the server can have seen.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// Every wait that was asked for, in order.
    #[must_use]
    pub fn waits(&self) -> &[Duration] {
        &self.waits
    }

    /// How far the attempts may have come.
    #[must_use]
    pub fn reached(&self) -> Reached {
        self.reached
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("policy", &self.policy)
            .field("repeat", &self.repeat)
            .field("reached", &self.reached)
            .field("attempts", &self.attempts)
            .field("polls", &self.polls)
            .field("waits", &self.waits)
            .finish_non_exhaustive()
    }
}
