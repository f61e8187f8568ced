//! The steps of a history, as data: nothing in them depends on what a store answered, so that any of them can be left
//! out and the rest still means something.

use std::time::Duration;

use super::super::Timing;
use super::super::trial::{print, reply};
use idem_core::Reply;
use idem_core::address::Address;
use idem_core::protocol::{
    AfterCrash, Claim, Namespace, Nonce, Order, Owner, Record, Seen, StateKind, Terms,
};
use idem_core::{KeyHint, Label};

/// One step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Through which handle.
    pub(crate) side: Side,
    /// What is done.
    pub(crate) action: Action,
}

/// One of the two handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The first.
    One,
    /// The second.
    Two,
}

/// What a step does.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// One claim. With the id of an earlier one it is a repeat.
    Claim(Ask),
    /// A batch of claims.
    Claims(Vec<Ask>),
    /// One guarded write.
    Write(Guarded),
    /// A batch of the same write on several keys, each as its own `by`.
    Writes(Write, Vec<(u8, By)>),
    /// A sweep.
    Sweep {
        /// Of which namespace.
        of: u8,
        /// The sweep's grace.
        grace: Span,
        /// The sweep's retention.
        retention: Span,
        /// The sweep's limit.
        limit: usize,
    },
    /// A reaping.
    Reap {
        /// Its limit.
        limit: usize,
    },
    /// Time passes.
    Advance(Span),
    /// Lists and counts are compared.
    Audit,
}

/// A claim.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Stands for the nonce.
    pub(crate) id: u32,
    /// Which key.
    pub(crate) key: u8,
    /// Which fingerprint.
    pub(crate) print: u8,
    /// Its lease.
    pub(crate) lease: Span,
    /// Its policy.
    pub(crate) after_crash: AfterCrash,
}

/// A guarded write on one key.
#[derive(Debug, Clone)]
pub(crate) struct Guarded {
    /// Which key.
    pub(crate) key: u8,
    /// In whose name.
    pub(crate) by: By,
    /// What.
    pub(crate) write: Write,
}

/// In whose name something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The newest owner of the key.
    Current,
    /// The one before.
    Stale,
    /// The newest owner of another key.
    Neighbour,
    /// The newest owner's fence with another nonce.
    WrongNonce,
    /// The newest owner's nonce with the fence before its own.
    FenceBelow,
    /// The newest owner's nonce with the fence after its own.
    FenceAbove,
}

/// A guarded write.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    /// T5.
    Complete {
        /// Which reply.
        reply: u8,
        /// For how long.
        retention: Span,
    },
    /// T6.
    Release {
        /// For how long.
        retention: Span,
    },
    /// T7.
    MarkUnknown,
    /// T3.
    Renew {
        /// For how long.
        lease: Span,
    },
    /// A verdict.
    Settle {
        /// In whose namespace.
        whose: Whose,
        /// About what.
        look: Look,
        /// Which reply, or none if it did not happen.
        happened: Option<u8>,
        /// Which order.
        order: u8,
        /// For how long.
        retention: Span,
    },
    /// An order to free.
    Free {
        /// In whose namespace.
        whose: Whose,
        /// About what.
        look: Look,
        /// Which order.
        order: u8,
        /// For how long.
        retention: Span,
    },
    /// An order to forget.
    Forget {
        /// In whose namespace.
        whose: Whose,
        /// About what.
        look: Look,
    },
}

/// In whose namespace an order is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The key's own.
    Own,
    /// Another one.
    Anothers,
}

impl Whose {
    /// The namespace of an order about `key`.
    pub(crate) fn at(self, key: u8) -> Namespace {
        match self {
            Self::Own => namespace_of(key),
            Self::Anothers => namespace_of(key.wrapping_add(1)),
        }
    }
}

/// How the operator who gives an order saw the record, its owner aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As it is.
    Now,
    /// In another state.
    OtherState,
    /// With another lease or expiry.
    OtherTime,
}

impl Look {
    /// What is seen of a record.
    pub(crate) fn at(self, owner: Owner, record: Option<&Record>) -> Seen {
        let Some(record) = record else { return Seen::new(owner, StateKind::Unknown, None) };
        let seen = with!(Seen::of(record), owner);
        match self {
            Self::Now => seen,
            Self::OtherState if seen.state == StateKind::Unknown => with!(seen, state = StateKind::Stuck),
            Self::OtherState => with!(seen, state = StateKind::Unknown),
            Self::OtherTime => {
                with!(seen, until = seen.until.map(|until| until + Duration::from_micros(1)))
            }
        }
    }
}

/// Orders that differ in who gives them, and in how much of the line they fill.
pub(crate) fn order_number(number: u8) -> Order {
    match number {
        0 => Order::by("ada").because("the books say so"),
        1 => Order::by("bob"),
        2 => Order::verified(),
        _ => Order::by("a name that is long, as some are").because(&"weil es schön ist, ja! ".repeat(20)),
    }
}

/// How long something lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// No time at all.
    Zero,
    /// [`Timing::short`].
    Short,
    /// [`Timing::long`].
    Long,
}

impl Span {
    /// The span itself.
    pub(crate) fn of(self, timing: Timing) -> Duration {
        match self {
            Self::Zero => Duration::ZERO,
            Self::Short => timing.short,
            Self::Long => timing.long,
        }
    }
}

impl Action {
    /// True if it sets a lease or retention that ends soon.
    pub(crate) fn sets_short_span(&self) -> bool {
        match self {
            Self::Claim(ask) => ask.lease == Span::Short,
            Self::Claims(asks) => asks.iter().any(|ask| ask.lease == Span::Short),
            Self::Write(Guarded { write, .. }) | Self::Writes(write, _) => match write {
                Write::Complete { retention, .. } | Write::Release { retention } => *retention == Span::Short,
                Write::Renew { lease } => *lease == Span::Short,
                // The record's own terms count, and these are long.
                Write::Settle { .. } | Write::Free { .. } | Write::MarkUnknown | Write::Forget { .. } => {
                    false
                }
            },
            Self::Sweep { .. } | Self::Reap { .. } | Self::Advance(_) | Self::Audit => false,
        }
    }
}

impl Ask {
    /// The claim that it stands for.
    pub(crate) fn request(&self, timing: Timing) -> Claim {
        let nonce = Nonce::from_bytes((u128::from(self.id) << 64 | 0x1de0).to_be_bytes());
        let lease = self.lease.of(timing);
        // No two retentions alike, so that those of another claim are noticed.
        let retention = timing.long + Duration::from_micros(self.id.into());
        let terms = Terms::new(retention, lease, namespace_of(self.key).as_str());
        Claim::new(at(self.key), nonce, print(self.print), lease, terms)
            .after_crash(self.after_crash)
            .for_operators(
                Label::new("history", &[b'a' + self.key]),
                KeyHint::of(format!("key number {}", self.key).as_bytes()),
            )
    }
}

/// The namespaces that a history's keys are of, turn by turn.
pub(crate) const NAMESPACES: u8 = 2;

/// The namespace of a key.
pub(crate) fn namespace_of(key: u8) -> Namespace {
    Namespace::new(&format!("history {}", key % NAMESPACES))
}

/// Where a key is kept.
pub(crate) fn at(key: u8) -> Address {
    // Not hashed: histories ask for it all the time. Their order is not that of the keys.
    Address::from_bytes([key.wrapping_mul(89) ^ 0xa5; 32])
}

/// Replies of different lengths, since only the length is printed.
pub(crate) fn reply_number(number: u8) -> Reply {
    match number {
        0 => Reply::from(Vec::new()),
        1 => reply("one"),
        number => Reply::from(vec![number; usize::from(number) * 40]),
    }
}
