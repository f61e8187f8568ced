//! Between rows and records.
//!
//! A row's columns are read in the order of [`record`]. One of them, `until`, is the end of the lease while the
//! record is running, and its expiry once it is done or released.

use crate::address::Address;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{AfterCrash, AuditLine, Fence, Nonce, Owner, Record, State, StateKind, Terms};
use crate::reply::Reply;
use crate::store::StoreError;
#[cfg(any(feature = "mysql", feature = "postgres"))]
use crate::store::StoreErrorKind;
#[cfg(any(feature = "mysql", feature = "postgres"))]
use crate::store::remote::driver::Found;
use crate::store::unreadable::Unreadable;

/// The only format of a row so far.
pub(in crate::store) const FORMAT: i64 = 1;

/// What a driver gives of a row. `None` where the column is NULL or of another type.
pub(in crate::store) trait Fields {
    fn int(&self, at: usize) -> Option<i64>;
    fn bytes(&self, at: usize) -> Option<Vec<u8>>;
    fn text(&self, at: usize) -> Option<String>;

    /// What the handler said, in the columns from `at` on: retention and lease in microseconds, -1 where nothing is
    /// known, and the namespace.
    fn terms(&self, at: usize) -> Result<Option<Terms>, Unreadable> {
        let damaged = || Unreadable::Damaged("retention, lease or namespace");
        let (retention, lease) = (self.int(at).ok_or_else(damaged)?, self.int(at + 1).ok_or_else(damaged)?);
        let namespace = self.text(at + 2).ok_or_else(damaged)?;
        let (Ok(retention), Ok(lease)) = (retention.try_into(), lease.try_into()) else { return Ok(None) };
        Ok(Some(Terms::from_micros(retention, lease, &namespace)))
    }
}

/// The values of a record's columns, to be written.
#[derive(Debug)]
pub(in crate::store) struct Row<'r> {
    pub(in crate::store) fence: i64,
    pub(in crate::store) until: i64,
    pub(in crate::store) created: i64,
    pub(in crate::store) attempts: i32,
    pub(in crate::store) state: i16,
    pub(in crate::store) after_crash: i16,
    pub(in crate::store) recipe: i16,
    pub(in crate::store) nonce: &'r [u8],
    pub(in crate::store) digest: &'r [u8],
    pub(in crate::store) label: &'r str,
    pub(in crate::store) key_hint: &'r str,
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "a claim has none")
    )]
    pub(in crate::store) reply: &'r [u8],
    /// Empty where there is none.
    pub(in crate::store) audit: &'r str,
    pub(in crate::store) terms: Option<&'r Terms>,
}

impl<'r> Row<'r> {
    pub(in crate::store) fn of(record: &'r Record) -> Self {
        let (until, reply): (_, &[u8]) = match &record.state {
            State::Running { lease } => (*lease, &[]),
            State::Done { reply, expires } => (*expires, reply.as_bytes()),
            State::Released { expires } => (*expires, &[]),
            State::Unknown | State::Unwinding | State::Stuck => (Timestamp::from_micros(0), &[]),
        };
        Self {
            fence: signed(record.owner.fence.as_u64()),
            until: signed(until.as_micros()),
            created: signed(record.created.as_micros()),
            attempts: i32::try_from(record.attempts).unwrap_or(i32::MAX),
            state: number(record.state.kind()),
            after_crash: known_number(record.after_crash),
            recipe: i16::from(record.fingerprint.recipe()),
            nonce: record.owner.nonce.as_bytes(),
            digest: record.fingerprint.digest(),
            label: record.label.as_str(),
            key_hint: record.key_hint.as_str(),
            reply,
            audit: record.audit.as_ref().map_or("", AuditLine::as_str),
            terms: record.terms.as_ref(),
        }
    }
}

/// How the columns of a record's terms say that nothing is known of them. Not NULL, see the schema.
#[cfg(any(feature = "mysql", feature = "postgres"))]
const UNKNOWN: i64 = -1;

/// Retention and lease in microseconds, and the namespace, as their columns hold them.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(in crate::store) fn columns(terms: Option<&Terms>) -> (i64, i64, &str) {
    terms.map_or((UNKNOWN, UNKNOWN, ""), |terms| {
        let (retention, lease) = terms.micros();
        (signed(retention), signed(lease), terms.namespace())
    })
}

/// A number for a database whose integers are signed.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(in crate::store) fn number(kind: StateKind) -> i16 {
    i16::from(kind.as_u8())
}

pub(in crate::store) fn known_number(policy: AfterCrash) -> i16 {
    match policy {
        AfterCrash::Unknown => 0,
        AfterCrash::Rerun => 1,
    }
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
/// The address in column `at`.
pub(in crate::store) fn address(row: &impl Fields, at: usize) -> Result<Address, StoreError> {
    row.bytes(at).and_then(|bytes| bytes.try_into().ok()).map(Address::from_bytes).ok_or_else(|| {
        StoreError::new(StoreErrorKind::Corrupt, "a record's address is damaged: it is not 32 bytes")
    })
}

/// The record whose columns begin at `first`: format, state, fence, nonce, until, attempts, crash policy, recipe,
/// digest, created, label, key hint, reply, audit line, and what [`Fields::terms`] reads.
pub(in crate::store) fn record(
    row: &impl Fields,
    first: usize,
    address: Address,
) -> Result<Record, StoreError> {
    read(row, first).map_err(|unreadable| unreadable.to_error(address))
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
/// The same, as what a statement found.
pub(in crate::store) fn found(row: &impl Fields, first: usize, address: Address, clock: Timestamp) -> Found {
    match record(row, first, address) {
        Ok(record) => Found::Stands(Box::new(record), clock),
        Err(unreadable) => Found::Unreadable(unreadable),
    }
}

fn read(row: &impl Fields, first: usize) -> Result<Record, Unreadable> {
    let int = |at: usize, what| row.int(first + at).ok_or(Unreadable::Damaged(what));
    let unsigned = |at, what| int(at, what)?.try_into().map_err(|_| Unreadable::Damaged(what));
    let time = |at, what| unsigned(at, what).map(Timestamp::from_micros);
    // First, because in another format everything else may mean something else.
    if int(0, "format")? != FORMAT {
        return Err(Unreadable::Newer("format"));
    }
    let small = |at, what| int(at, what).map(|number| u8::try_from(number).ok());
    let kind = small(1, "state")?.and_then(StateKind::from_u8).ok_or(Unreadable::Newer("state"))?;
    let state = match kind {
        StateKind::Running => State::Running { lease: time(4, "lease")? },
        StateKind::Done => State::Done {
            reply: Reply::from(row.bytes(first + 12).ok_or(Unreadable::Damaged("reply"))?),
            expires: time(4, "expiry")?,
        },
        StateKind::Released => State::Released { expires: time(4, "expiry")? },
        StateKind::Unknown => State::Unknown,
        StateKind::Unwinding => State::Unwinding,
        StateKind::Stuck => State::Stuck,
    };
    let after_crash = match int(6, "crash policy")? {
        0 => AfterCrash::Unknown,
        1 => AfterCrash::Rerun,
        _ => return Err(Unreadable::Newer("crash policy")),
    };
    let digest = row.bytes(first + 8).and_then(|bytes| bytes.try_into().ok());
    let digest = digest.ok_or(Unreadable::Damaged("fingerprint"))?;
    let fingerprint = small(7, "fingerprint recipe")?
        .and_then(|recipe| Fingerprint::from_stored(recipe, digest))
        .ok_or(Unreadable::Newer("fingerprint recipe"))?;
    let nonce = row.bytes(first + 3).and_then(|bytes| bytes.try_into().ok());
    let nonce = nonce.ok_or(Unreadable::Damaged("nonce"))?;
    let audit = row.text(first + 13).ok_or(Unreadable::Damaged("audit line"))?;
    let terms = row.terms(first + 14)?;
    let attempts: u64 = unsigned(5, "attempts")?;
    Ok(Record {
        fingerprint,
        owner: Owner { fence: Fence::from_u64(unsigned(2, "fence")?), nonce: Nonce::from_bytes(nonce) },
        attempts: attempts.try_into().unwrap_or(u32::MAX),
        after_crash,
        created: time(9, "time of creation")?,
        label: Label::from_stored(&row.text(first + 10).ok_or(Unreadable::Damaged("label"))?),
        key_hint: KeyHint::from_stored(&row.text(first + 11).ok_or(Unreadable::Damaged("key hint"))?),
        audit: (!audit.is_empty()).then(|| AuditLine::from_stored(&audit)),
        terms,
        state,
    })
}
