//! What the records must be: a map run through [`protocol`](idem_core::protocol).

use std::collections::BTreeMap;

use super::super::Timing;
use super::step::{Ask, By, Span, Write, order_number, reply_number};
use idem_core::clock::Timestamp;
use idem_core::protocol::{
    self, AuditLine, ClaimOutcome, Fence, Nonce, Owner, Record, RenewOutcome, State, Verdict, Won,
    WriteOutcome,
};

/// The records as they must be, by key.
#[derive(Debug)]
pub(super) struct Model {
    records: BTreeMap<u8, Option<Record>>,
    /// Every owner that a key has had, the newest last.
    owners: BTreeMap<u8, Vec<Owner>>,
    /// What the next fence of a key must be above. Forget ends it: within one tick of the clock, a forgotten key
    /// may get its fence again.
    floors: BTreeMap<u8, Fence>,
    pub(super) now: Timestamp,
    pub(super) timing: Timing,
}

/// What a guarded write answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Write(WriteOutcome),
    Renew(RenewOutcome),
}

impl Model {
    pub(super) fn new(now: Timestamp, timing: Timing) -> Self {
        Self { records: BTreeMap::new(), owners: BTreeMap::new(), floors: BTreeMap::new(), now, timing }
    }

    /// The keys that were ever named.
    pub(super) fn keys(&self) -> Vec<u8> {
        self.records.keys().copied().collect()
    }

    pub(super) fn record(&self, key: u8) -> Option<&Record> {
        self.records.get(&key)?.as_ref()
    }

    pub(super) fn slot(&mut self, key: u8) -> &mut Option<Record> {
        self.records.entry(key).or_default()
    }

    pub(super) fn claim(&mut self, ask: &Ask) -> ClaimOutcome {
        let (request, now) = (ask.request(self.timing), self.now);
        protocol::claim(self.slot(ask.key), &request, now)
    }

    /// Takes over the fence that the store gave: its clock is not the model's.
    pub(super) fn adopt(&mut self, key: u8, won: Won) {
        if let Some(record) = self.slot(key) {
            record.owner = won.owner;
        }
        self.floors.insert(key, won.owner.fence);
        let owners = self.owners.entry(key).or_default();
        if owners.last() != Some(&won.owner) {
            owners.push(won.owner);
        }
    }

    fn newest(&self, key: u8) -> Option<Owner> {
        self.owners.get(&key)?.last().copied()
    }

    pub(super) fn floor(&self, key: u8) -> Option<Fence> {
        self.floors.get(&key).copied()
    }

    /// The owner that `by` means for `key`, as things stand.
    pub(super) fn owner(&self, by: By, key: u8) -> Owner {
        // Before the first claim: an owner that no record has.
        let nobody = Owner { fence: Fence::from_u64(7), nonce: Nonce::from_bytes([7; 16]) };
        let current = self.newest(key).unwrap_or(nobody);
        match by {
            By::Current => current,
            By::Stale => {
                self.owners.get(&key).and_then(|owners| owners.iter().rev().nth(1)).copied().unwrap_or(nobody)
            }
            By::Neighbour => {
                let neighbour = self.keys().into_iter().find(|other| *other != key);
                neighbour.and_then(|other| self.newest(other)).unwrap_or(nobody)
            }
            By::WrongNonce => {
                let other = u128::from_be_bytes(*current.nonce.as_bytes()) ^ 1;
                Owner { nonce: Nonce::from_bytes(other.to_be_bytes()), ..current }
            }
            By::FenceBelow => Owner { fence: Fence::from_u64(current.fence.as_u64() - 1), ..current },
            By::FenceAbove => Owner { fence: Fence::from_u64(current.fence.as_u64() + 1), ..current },
        }
    }

    pub(super) fn write(&mut self, key: u8, owner: Owner, write: &Write) -> Answer {
        let (now, timing) = (self.now, self.timing);
        let record = self.slot(key);
        let outcome = match write {
            Write::Complete { reply, retention } => {
                protocol::complete(record, owner, &reply_number(*reply), retention.of(timing), now)
            }
            Write::Release { retention } => protocol::release(record, owner, retention.of(timing), now),
            Write::MarkUnknown => protocol::mark_unknown(record, owner),
            Write::Settle { whose, look, happened, order, retention } => {
                let (seen, retention) = (look.at(owner, record.as_ref()), retention.of(timing));
                let (namespace, verdict) = (whose.at(key), verdict(*happened));
                protocol::settle(record, &namespace, seen, &verdict, &order_number(*order), retention, now)
            }
            Write::Free { whose, look, order, retention } => {
                let (seen, retention) = (look.at(owner, record.as_ref()), retention.of(timing));
                protocol::free(record, &whose.at(key), seen, &order_number(*order), retention, now)
            }
            Write::Forget { whose, look } => {
                let seen = look.at(owner, record.as_ref());
                protocol::forget(record, &whose.at(key), seen)
            }
            Write::Renew { lease } => {
                return Answer::Renew(protocol::renew(record, owner, lease.of(timing), now));
            }
        };
        if matches!(write, Write::Forget { .. }) && outcome == WriteOutcome::Applied {
            self.floors.remove(&key);
        }
        Answer::Write(outcome)
    }

    pub(super) fn advance(&mut self, span: Span) {
        self.now = self.now + span.of(self.timing);
    }

    /// True if `key`'s record is one that a store may drop at any time.
    pub(super) fn may_be_gone(&self, key: u8) -> bool {
        self.record(key).is_none_or(|record| record.state.is_expired(self.now))
    }
}

pub(super) fn verdict(happened: Option<u8>) -> Verdict {
    happened.map_or(Verdict::DidNotHappen, |number| Verdict::Happened(reply_number(number)))
}

/// Which times can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// All of them: the store's clock stands still when it is not moved.
    Exact,
    /// None: the store's clock runs.
    Loose,
}

impl Precision {
    /// The record with what cannot be compared left out.
    pub(super) fn view(self, record: &Record) -> Record {
        let mut seen = record.clone();
        if self == Self::Loose {
            seen.created = Timestamp::from_micros(0);
            let untimed = |line: AuditLine| {
                let (_, said) = line.as_str().split_once(' ').unwrap_or_default();
                AuditLine::from_stored(said)
            };
            seen.audit = seen.audit.map(untimed);
            match &mut seen.state {
                State::Running { lease: at }
                | State::Done { expires: at, .. }
                | State::Released { expires: at } => {
                    *at = Timestamp::from_micros(0);
                }
                // Unknown, unwinding and stuck records have no times.
                _ => {}
            }
        }
        seen
    }
}
