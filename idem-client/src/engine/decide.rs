//! What the engine decides, case by case.

use std::time::Duration;

use super::backoff::up_to;
use super::machine::{Engine, Look};
use super::step::Kind;
use super::{Ending, Pause, Permit, Reached, Refresh, Rejection, Repeat, Step, Stop, StopReason};

/// Polls keep at least this distance, where the policy's ceiling allows it.
const POLL_FLOOR: Duration = Duration::from_millis(10);

impl Engine {
    pub(super) fn send(&mut self, kind: Kind, now: Duration) -> Step {
        let left = self.left(now);
        if left.is_zero() {
            return self.stop(StopReason::Deadline);
        }
        let resend_count = self.attempts.saturating_add(self.polls);
        let count = match kind {
            Kind::Attempt => &mut self.attempts,
            Kind::Poll => &mut self.polls,
        };
        *count = count.saturating_add(1);
        Step::Send(Permit { kind, resend_count, timeout: self.policy.attempt_timeout.min(left) })
    }

    pub(super) fn failed(&mut self, hint: Option<Duration>, now: Duration) -> Step {
        if self.repeat == Repeat::Never && self.reached != Reached::Nothing {
            return self.stop(StopReason::NotRepeatable);
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.policy.max_attempts {
            return self.stop(StopReason::AttemptsExhausted);
        }
        let Some(drawn) = self.delays.next() else {
            return self.stop(StopReason::ScheduleEnded);
        };
        let left = self.left(now);
        // A hint of zero asks for nothing, and the backoff stays.
        match hint.filter(|hint| !hint.is_zero()) {
            Some(hint) => self.obey(hint, left, Kind::Attempt, now),
            None => match drawn.min(self.policy.max_delay) {
                wait if wait < left => self.wait(wait, Kind::Attempt, now),
                _ => self.stop(StopReason::Deadline),
            },
        }
    }

    pub(super) fn poll(&mut self, hint: Option<Duration>, now: Duration) -> Step {
        if self.repeat == Repeat::Never {
            return self.stop(StopReason::NotRepeatable);
        }
        let until = now.saturating_add(self.policy.in_progress_timeout);
        let budget = self.poll_until.get_or_insert(until).saturating_sub(now);
        if budget.is_zero() || self.look == Look::Last {
            return self.stop(StopReason::PollBudgetSpent);
        }
        let left = self.left(now);
        if let Some(hint) = hint.filter(|hint| !hint.is_zero()) {
            return self.obey(
                hint,
                left.min(budget.saturating_add(Duration::from_nanos(1))),
                Kind::Poll,
                now,
            );
        }
        let floor = POLL_FLOOR.min(self.poll_delays.ceiling());
        let drawn = self.poll_delays.next().unwrap_or(floor).max(floor);
        // A draw past the end becomes one last look, just at the end of the budget or while there is time for it.
        let room = budget.min(left.saturating_sub(left / 4));
        if drawn >= room {
            self.look = Look::Last;
        }
        match drawn.min(room) {
            wait if wait < left => self.wait(wait, Kind::Poll, now),
            _ => self.stop(StopReason::Deadline),
        }
    }

    /// Waits out `hint` in full, or stops. The wait is below `left`.
    fn obey(&mut self, hint: Duration, left: Duration, next: Kind, now: Duration) -> Step {
        if hint > self.policy.max_retry_after || hint >= left {
            let limit = self.policy.max_retry_after.min(left);
            return self.stop(StopReason::HintTooLong { hint, limit });
        }
        let room = left.saturating_sub(hint) / 2;
        let jitter = up_to(&mut self.rng, (hint / 10).min(room));
        self.wait(hint.saturating_add(jitter), next, now)
    }

    pub(super) fn denied(&mut self, refresh: Refresh, now: Duration) -> Step {
        let before = self.reached;
        self.reached = before.max(Reached::TurnedAway);
        let once = std::mem::replace(&mut self.refresh, Refresh::Pointless);
        if refresh == Refresh::Worthwhile && once == Refresh::Worthwhile && self.repeat != Repeat::Never {
            self.failures = self.failures.saturating_add(1);
            if self.failures < self.policy.max_attempts {
                self.last = Self::refused(before).0;
                return self.send(Kind::Attempt, now);
            }
        }
        let (ending, reason) = Self::refused(before);
        self.end(ending, reason)
    }

    /// A refusal at the door is only final if no earlier attempt may have come through.
    fn refused(before: Reached) -> (Ending, StopReason) {
        match before {
            Reached::InDoubt => (Ending::Unknown, StopReason::DeniedInDoubt),
            _ => (Ending::Rejected(Rejection::Refused), StopReason::Final),
        }
    }

    pub(super) fn undelivered(&self) -> Ending {
        if self.reached == Reached::Nothing { Ending::NotSent } else { Ending::Unknown }
    }

    fn left(&self, now: Duration) -> Duration {
        self.deadline.saturating_sub(now)
    }

    fn wait(&mut self, duration: Duration, next: Kind, now: Duration) -> Step {
        self.waits.push(duration);
        Step::Wait(Pause { next, due: now.saturating_add(duration), duration })
    }

    pub(super) fn end(&mut self, ending: Ending, reason: StopReason) -> Step {
        self.last = ending;
        Step::Stop(Stop { ending, reason })
    }

    pub(super) fn stop(&mut self, reason: StopReason) -> Step {
        Step::Stop(Stop { ending: self.last, reason })
    }
}
