//! The record of one key.

use std::fmt;
use std::time::Duration;

use super::audit::AuditLine;
use super::namespace::Namespace;
use super::owner::Owner;
use super::terms::Terms;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::reply::Reply;

/// What becomes of a claim whose owner is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum AfterCrash {
    /// It is not known whether the effect happened, so no attempt runs again: the key answers `outcome-unknown` until
    /// the record is settled. The default.
    #[default]
    Unknown,
    /// Running it again does no harm: the next caller takes over.
    Rerun,
}

/// Everything that is known about one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Record {
    /// What the first request said. A claim with another one is a mismatch.
    pub fingerprint: Fingerprint,
    /// The newest claim's fence and nonce.
    pub owner: Owner,
    /// How often the operation was started, the first time included.
    pub attempts: u32,
    /// What the newest owner asked for, should it vanish.
    pub after_crash: AfterCrash,
    /// When the key was first claimed.
    pub created: Timestamp,
    /// The operation and a hint of the scope, for operators.
    pub label: Label,
    /// A hint of the key, for operators.
    pub key_hint: KeyHint,
    /// The last order about it, if there was one.
    pub audit: Option<AuditLine>,
    /// What the newest owner's handler said about the record. `None` if an older version of idem claimed it.
    pub terms: Option<Terms>,
    /// Where the operation stands.
    pub state: State,
}

impl Namespace {
    /// True if `record` says that it is of this namespace.
    #[must_use]
    pub fn owns(&self, record: &Record) -> bool {
        record.terms.as_ref().is_some_and(|terms| terms.namespace() == self.as_str())
    }

    /// True unless `record` says that it is of another namespace. A record that an older version of idem claimed names
    /// none: operators of every namespace see it, and nothing but its address tells whose it is.
    #[must_use]
    pub fn sees(&self, record: &Record) -> bool {
        record.terms.as_ref().map(Terms::namespace).is_none_or(|namespace| namespace == self.as_str())
    }
}

/// Where an operation stands. Absence of the record is the state before the first claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// An attempt runs, or died while it ran.
    Running {
        /// Until when no other attempt may begin.
        lease: Timestamp,
    },
    /// The operation is done, with this reply.
    Done {
        /// What every further call gets.
        reply: Reply,
        /// When the record may be reaped and the key used anew.
        expires: Timestamp,
    },
    /// The handler said that nothing happened; the same request may try again.
    Released {
        /// When the record may be reaped.
        expires: Timestamp,
    },
    /// It is not known whether the effect happened. Only its owner, late, or a verdict moves the record on.
    Unknown,
    /// The steps that ran are being undone; no step body runs any more.
    Unwinding,
    /// An undo cannot succeed. Waits for an operator.
    Stuck,
}

/// The name of a [`State`], for filters and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StateKind {
    /// [`State::Running`].
    Running,
    /// [`State::Done`].
    Done,
    /// [`State::Released`].
    Released,
    /// [`State::Unknown`].
    Unknown,
    /// [`State::Unwinding`].
    Unwinding,
    /// [`State::Stuck`].
    Stuck,
}

impl StateKind {
    /// All kinds, in the order of their stored numbers.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Done, Self::Released, Self::Unknown, Self::Unwinding, Self::Stuck];

    /// The number that stores keep.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Running => 1,
            Self::Done => 2,
            Self::Released => 3,
            Self::Unknown => 4,
            Self::Unwinding => 5,
            Self::Stuck => 6,
        }
    }

    /// The kind with this number; `None` for one that only a newer version knows.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_u8() == number)
    }
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Released => "released",
            Self::Unknown => "unknown",
            Self::Unwinding => "unwinding",
            Self::Stuck => "stuck",
        })
    }
}

impl Record {
    /// The record of a first attempt, as a store reads it back. The fields that are not named here are as empty as they
    /// can be: a store sets each one that it keeps.
    #[must_use]
    pub fn new(fingerprint: Fingerprint, owner: Owner, created: Timestamp, state: State) -> Self {
        Self {
            fingerprint,
            owner,
            attempts: 1,
            after_crash: AfterCrash::Unknown,
            created,
            label: Label::from_stored(""),
            key_hint: KeyHint::default(),
            audit: None,
            terms: None,
            state,
        }
    }

    /// How long the record lives once it is done or released: as its handler said, or else `otherwise`.
    #[must_use]
    pub fn retention_or(&self, otherwise: Duration) -> Duration {
        self.terms.as_ref().map_or(otherwise, Terms::retention)
    }

    /// The lease of its handler, or else `otherwise`.
    #[must_use]
    pub fn lease_or(&self, otherwise: Duration) -> Duration {
        self.terms.as_ref().map_or(otherwise, Terms::lease)
    }
}

impl State {
    /// Which one it is.
    #[must_use]
    pub const fn kind(&self) -> StateKind {
        match self {
            Self::Running { .. } => StateKind::Running,
            Self::Done { .. } => StateKind::Done,
            Self::Released { .. } => StateKind::Released,
            Self::Unknown => StateKind::Unknown,
            Self::Unwinding => StateKind::Unwinding,
            Self::Stuck => StateKind::Stuck,
        }
    }

    /// True once a done or released record has outlived its retention. The other states never expire.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        match self {
            Self::Done { expires, .. } | Self::Released { expires } => *expires <= now,
            Self::Running { .. } | Self::Unknown | Self::Unwinding | Self::Stuck => false,
        }
    }
}
