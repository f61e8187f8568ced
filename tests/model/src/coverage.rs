//! What happened at least once: a world in which nothing interesting can happen breaks no rule either.

use std::sync::atomic::{AtomicBool, Ordering};

/// Something that is worth exploring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Event {
    /// A done record answered a claim.
    Replayed,
    /// Another fingerprint was refused.
    Mismatch,
    /// A lapsed claim was taken over.
    TakenOver,
    /// A released record was claimed.
    ClaimedAgain,
    /// A running record became unknown.
    LeftUnknown,
    /// A record that was unknown was completed by its owner.
    LateOwnerIsAVerdict,
    /// An owner's write was refused.
    StaleWriteRefused,
    /// An owner was given another's answer.
    Superseded,
    /// A verdict completed a record.
    Affirmed,
    /// A verdict freed a record.
    Denied,
    /// A verdict came too late.
    VerdictRefused,
    /// An operator dropped a record.
    Forgotten,
    /// A record was reaped.
    Reaped,
    /// A key was used anew after its retention.
    ExpiredKeyUsedAnew,
    /// A request whose caller did not wait any more was applied.
    AppliedLate,
    /// A claim's conditional change that was under way was applied.
    ChangedLate,
    /// A claim had become unknown before its answer was heard, and was released.
    ReleasedUnbegun,
    /// A record that was unknown was released by its owner.
    LateReleaseIsAVerdict,
    /// A stored step was used by a later attempt.
    StepReused,
    /// A claim met a locked row, and was told so.
    ToldLocked,
    /// A lost COMMIT had come through.
    CommitLanded,
    /// A lost COMMIT had not.
    CommitUndone,
    /// A transaction that was not the handler's any more was noticed after a rollback.
    RollbackNoticed,
    /// The same after an early commit.
    EarlyCommitNoticed,
    /// An answer was stored without its effect.
    RefusalStored,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::Replayed,
        Self::Mismatch,
        Self::TakenOver,
        Self::ClaimedAgain,
        Self::LeftUnknown,
        Self::LateOwnerIsAVerdict,
        Self::StaleWriteRefused,
        Self::Superseded,
        Self::Affirmed,
        Self::Denied,
        Self::VerdictRefused,
        Self::Forgotten,
        Self::Reaped,
        Self::ExpiredKeyUsedAnew,
        Self::AppliedLate,
        Self::ChangedLate,
        Self::ReleasedUnbegun,
        Self::LateReleaseIsAVerdict,
        Self::StepReused,
        Self::ToldLocked,
        Self::CommitLanded,
        Self::CommitUndone,
        Self::RollbackNoticed,
        Self::EarlyCommitNoticed,
        Self::RefusalStored,
    ];
}

/// The events of one exploration.
#[derive(Debug, Default)]
pub(crate) struct Coverage([AtomicBool; Event::ALL.len()]);

impl Coverage {
    pub(crate) fn saw(&self, event: Event) {
        let seen = &self.0[event as usize];
        // Read first: all threads share these lines.
        if !seen.load(Ordering::Relaxed) {
            seen.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn seen(&self) -> Vec<Event> {
        Event::ALL.into_iter().filter(|event| self.0[*event as usize].load(Ordering::Relaxed)).collect()
    }
}
