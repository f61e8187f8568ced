//! Every call of `protocol` goes through here, where a mutant may tamper with it.

use std::sync::LazyLock;

use idem_core::clock::Timestamp;
use idem_core::protocol::{
    self, AfterCrash, Claim, ClaimOutcome, Namespace, Nonce, Order, Owner, Record, RecordView, RenewOutcome,
    Seen, State, StateKind, Swept, Terms, Verdict, WriteOutcome,
};
use idem_core::{Address, Fingerprint, KeyHint, Label, Reply};

use crate::config::{GRACE, LEASE, RETENTION, TICK};
use crate::mutant::Mutant;

/// The protocol, less one guard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guards(pub(crate) Option<Mutant>);

/// What every claim says, but for what it is about.
static CLAIM: LazyLock<Claim> = LazyLock::new(|| {
    Claim::new(
        Address::from_bytes([0; 32]),
        Nonce::from_bytes([0; 16]),
        fingerprint(false),
        LEASE,
        Terms::new(LEASE, LEASE, ""),
    )
    .for_operators(Label::from_stored(""), KeyHint::default())
});

/// That of every record.
pub(crate) fn namespace() -> &'static Namespace {
    static NAMESPACE: LazyLock<Namespace> = LazyLock::new(|| Namespace::new(""));
    &NAMESPACE
}

/// What a call says.
pub(crate) fn fingerprint(other: bool) -> Fingerprint {
    Fingerprint::from_stored(Fingerprint::none().recipe(), [u8::from(other); 32])
        .unwrap_or(Fingerprint::none())
}

impl Guards {
    pub(crate) fn lacks(self, mutant: Mutant) -> bool {
        self.0 == Some(mutant)
    }

    /// Where the record of a key is.
    pub(crate) fn address(self, key: u8) -> u8 {
        if self.lacks(Mutant::ScopeForgotten) { 0 } else { key }
    }

    pub(crate) fn claim(
        self,
        record: &mut Option<Record>,
        nonce: Nonce,
        other: bool,
        after_crash: AfterCrash,
        now: Timestamp,
    ) -> ClaimOutcome {
        let mut claim = CLAIM.clone().after_crash(after_crash);
        claim.nonce = nonce;
        claim.fingerprint = fingerprint(other);
        let mut now = now;
        match (self.0, record.as_mut()) {
            (Some(Mutant::FingerprintIgnored), Some(old)) => claim.fingerprint = old.fingerprint,
            (Some(Mutant::TakeoverDespiteUnknown), Some(old))
                if matches!(old.state, State::Running { .. }) =>
            {
                old.after_crash = AfterCrash::Rerun;
            }
            (Some(Mutant::UnknownIsClaimed), Some(old)) if old.state == State::Unknown => {
                old.state = State::Released { expires: now + TICK };
            }
            (Some(Mutant::SpentNonceAccepted), Some(old))
                if matches!(old.state, State::Released { .. }) && old.owner.nonce == nonce =>
            {
                old.owner.nonce = Nonce::from_bytes([u8::MAX; 16]);
            }
            (Some(Mutant::FinalIsRunAgain), Some(Record { state: State::Done { expires, .. }, .. })) => {
                now = now.max(*expires);
            }
            _ => {}
        }
        let outcome = protocol::claim(record, &claim, now);
        if let Some(record) = record {
            // For operators: no rule reads them, so they need not tell worlds apart.
            (record.created, record.attempts) = (Timestamp::from_micros(0), 1);
        }
        outcome
    }

    pub(crate) fn renew(self, record: &mut Option<Record>, owner: Owner, now: Timestamp) -> RenewOutcome {
        let owner = self.or_anybody(Mutant::RenewalUnguarded, record.as_ref(), owner);
        protocol::renew(record, owner, LEASE, now)
    }

    pub(crate) fn complete(
        self,
        record: &mut Option<Record>,
        owner: Owner,
        reply: &Reply,
        now: Timestamp,
    ) -> WriteOutcome {
        let mut owner = owner;
        match (self.0, record.as_mut()) {
            (Some(Mutant::NonceForgotten), Some(old)) => owner.nonce = old.owner.nonce,
            (Some(Mutant::FenceForgotten), Some(old)) => owner.fence = old.owner.fence,
            (Some(Mutant::StateForgotten), Some(old)) if old.owner == owner => {
                old.state = State::Running { lease: now };
            }
            _ => {}
        }
        protocol::complete(record, owner, reply, RETENTION, now)
    }

    pub(crate) fn release(
        self,
        record: &mut Option<Record>,
        owner: Owner,
        reply: &Reply,
        now: Timestamp,
    ) -> WriteOutcome {
        if self.lacks(Mutant::ReleaseStored) {
            return protocol::complete(record, owner, reply, RETENTION, now);
        }
        let unknown = record.as_ref().is_some_and(|record| record.state == State::Unknown);
        if self.lacks(Mutant::ReleaseOnlyWhileRunning) && unknown {
            return WriteOutcome::Lost(RecordView::Unknown);
        }
        let owner = self.or_anybody(Mutant::ReleaseUnguarded, record.as_ref(), owner);
        let outcome = protocol::release(record, owner, RETENTION, now);
        if self.lacks(Mutant::ReleaseDeletes) && outcome == WriteOutcome::Applied {
            *record = None;
        }
        outcome
    }

    pub(crate) fn mark_unknown(self, record: &mut Option<Record>, owner: Owner) -> WriteOutcome {
        let owner = self.or_anybody(Mutant::MarkUnknownUnguarded, record.as_ref(), owner);
        protocol::mark_unknown(record, owner)
    }

    pub(crate) fn settle(
        self,
        record: &mut Option<Record>,
        seen: Owner,
        verdict: &Verdict,
        now: Timestamp,
    ) -> WriteOutcome {
        let seen = self.or_anybody(Mutant::VerdictForAnybody, record.as_ref(), seen);
        if record.is_none() {
            return WriteOutcome::Lost(RecordView::Absent);
        }
        // What the verdict is about was seen as unknown.
        let seen = Seen::new(seen, StateKind::Unknown, None);
        let outcome =
            protocol::settle(record, namespace(), seen, verdict, &Order::verified(), RETENTION, now);
        // Its text tells nothing apart here.
        if let Some(record) = record {
            record.audit = None;
        }
        outcome
    }

    pub(crate) fn sweep(self, record: &mut Record, now: Timestamp) -> Swept {
        match self.0 {
            Some(Mutant::SweepKeepsRerun) if record.after_crash == AfterCrash::Rerun => return Swept::Kept,
            Some(Mutant::SweepFreesUnknown) => record.after_crash = AfterCrash::Rerun,
            _ => {}
        }
        protocol::sweep(record, namespace(), GRACE, RETENTION, now)
    }

    pub(crate) fn reap(self, record: &mut Option<Record>, now: Timestamp) -> bool {
        let tampered = matches!(
            (self.0, record.as_ref().map(|record| &record.state)),
            (Some(Mutant::ReaperDropsUnknown), Some(State::Unknown))
                | (Some(Mutant::ReaperDropsRunning), Some(State::Running { .. }))
        );
        if tampered {
            *record = None;
            return true;
        }
        protocol::reap(record, now)
    }

    /// The record's owner instead of the one that asks, if that guard is out.
    fn or_anybody(self, guard: Mutant, record: Option<&Record>, owner: Owner) -> Owner {
        match record {
            Some(record) if self.lacks(guard) => record.owner,
            _ => owner,
        }
    }
}
