//! Who gives an order, and about which record.
//!
//! ```
//! use idem_core::protocol::Order;
//!
//! let order = Order::by("ada").because("bank has no such charge");
//! assert_eq!(order.to_string(), "ada: bank has no such charge");
//! ```

use std::fmt;

use super::audit::{AuditLine, cut, visible};
use super::owner::Owner;
use super::record::{Record, State, StateKind};
use crate::clock::Timestamp;

/// Who gives an order about a record, and why: what the [`AuditLine`] will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(Author);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Author {
    Somebody { who: Box<str>, why: Box<str> },
    Hook,
}

/// So that something of the reason is kept, in bytes.
const LONGEST_NAME: usize = 64;

/// What is ordered.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Happened,
    DidNotHappen,
    /// To be run again, from this state.
    Freed(StateKind),
}

impl Order {
    /// An order of `who`: at most 64 bytes are kept, and control characters replaced.
    #[must_use]
    pub fn by(who: &str) -> Self {
        let who = visible(who);
        let who = if who.is_empty() { "somebody" } else { cut(&who, LONGEST_NAME) };
        Self(Author::Somebody { who: who.into(), why: Box::default() })
    }

    /// And the reason, as far as the line has room for it.
    #[must_use]
    pub fn because(self, why: &str) -> Self {
        match self.0 {
            Author::Somebody { who, .. } => {
                Self(Author::Somebody { who, why: cut(&visible(why), AuditLine::MAX).into() })
            }
            Author::Hook => self,
        }
    }

    /// What a [verify hook](crate::verify) found out.
    #[must_use]
    pub const fn verified() -> Self {
        Self(Author::Hook)
    }

    /// The line's text behind its time.
    pub(super) fn says(&self, what: What) -> String {
        match &self.0 {
            Author::Somebody { who, why } => {
                let done = match what {
                    What::Happened => "settled as happened",
                    What::DidNotHappen => "settled as not happened",
                    What::Freed(StateKind::Running) => "released while running",
                    What::Freed(StateKind::Stuck) => "released while stuck",
                    What::Freed(_) => "released with outcome unknown",
                };
                let colon = if why.is_empty() { "" } else { ": " };
                format!("{done} by {who}{colon}{why}")
            }
            Author::Hook => format!(
                "verified: {}",
                match what {
                    What::Happened => "happened",
                    What::DidNotHappen => "did not happen",
                    What::Freed(_) => "released",
                }
            ),
        }
    }

    pub(super) fn write(&self, record: &mut Record, what: What, now: Timestamp) {
        record.audit = Some(AuditLine::new(now, &self.says(what)));
    }

    /// True if the last order about the record was this one.
    pub(super) fn was_given(&self, record: &Record, what: What) -> bool {
        record.audit.as_ref().is_some_and(|line| line.says(&self.says(what)))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Author::Somebody { who, why } if why.is_empty() => f.write_str(who),
            Author::Somebody { who, why } => write!(f, "{who}: {why}"),
            Author::Hook => f.write_str("verify hook"),
        }
    }
}

/// How a record stood when a hook or an operator looked at it. An order about it is refused if anything moved since:
/// its owner, its state, or the end of its lease or life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Seen {
    /// The record's newest owner.
    pub owner: Owner,
    /// The record's state.
    pub state: StateKind,
    /// The end of the lease while running; the expiry once done or released.
    pub until: Option<Timestamp>,
}

impl Seen {
    /// As a store read it, without the rest of the record.
    #[must_use]
    pub const fn new(owner: Owner, state: StateKind, until: Option<Timestamp>) -> Self {
        Self { owner, state, until }
    }

    /// As `record` is.
    #[must_use]
    pub const fn of(record: &Record) -> Self {
        let until = match &record.state {
            State::Running { lease: until }
            | State::Done { expires: until, .. }
            | State::Released { expires: until } => Some(*until),
            State::Unknown | State::Unwinding | State::Stuck => None,
        };
        Self { owner: record.owner, state: record.state.kind(), until }
    }

    /// True if `record` still is as it was seen.
    #[must_use]
    pub fn is(&self, record: &Record) -> bool {
        *self == Self::of(record)
    }
}
