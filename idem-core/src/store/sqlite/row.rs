//! Between rows and records.

use rusqlite::ToSql;
use rusqlite::types::FromSql;

use super::sql::Both;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{AfterCrash, AuditLine, Fence, Nonce, Owner, Record, State, StateKind, Terms};
use crate::reply::Reply;
use crate::store::unreadable::Unreadable;

/// The only format of a row so far.
const FORMAT: i64 = 1;

/// Where a row lives.
pub(super) fn address(row: &rusqlite::Row<'_>) -> Result<Address, Unreadable> {
    bytes(row, 0, "address").map(Address::from_bytes)
}

/// The record in a row.
pub(super) fn record(row: &rusqlite::Row<'_>) -> Result<Record, Unreadable> {
    // First, because in another format everything else may mean something else.
    if int(row, 1, "format")? != FORMAT {
        return Err(Unreadable::Newer("format"));
    }
    let kind = small(row, 2, "state")?.and_then(StateKind::from_u8).ok_or(Unreadable::Newer("state"))?;
    let state = match kind {
        StateKind::Running => State::Running { lease: time(row, 5, "lease")? },
        StateKind::Done => State::Done {
            reply: Reply::from(get::<Vec<u8>>(row, 13, "reply")?),
            expires: time(row, 5, "expiry")?,
        },
        StateKind::Released => State::Released { expires: time(row, 5, "expiry")? },
        StateKind::Unknown => State::Unknown,
        StateKind::Unwinding => State::Unwinding,
        StateKind::Stuck => State::Stuck,
    };
    let after_crash = match int(row, 7, "crash policy")? {
        0 => AfterCrash::Unknown,
        1 => AfterCrash::Rerun,
        _ => return Err(Unreadable::Newer("crash policy")),
    };
    let digest = bytes(row, 9, "fingerprint")?;
    let fingerprint = small(row, 8, "fingerprint recipe")?
        .and_then(|recipe| Fingerprint::from_stored(recipe, digest))
        .ok_or(Unreadable::Newer("fingerprint recipe"))?;
    Ok(Record {
        fingerprint,
        owner: Owner {
            fence: Fence::from_u64(unsigned(row, 3, "fence")?),
            nonce: Nonce::from_bytes(bytes(row, 4, "nonce")?),
        },
        attempts: unsigned(row, 6, "attempts")?.try_into().unwrap_or(u32::MAX),
        after_crash,
        created: Timestamp::from_micros(unsigned(row, 10, "time of creation")?),
        label: Label::from_stored(&get::<String>(row, 11, "label")?),
        key_hint: KeyHint::from_stored(&get::<String>(row, 12, "key hint")?),
        audit: get::<Option<String>>(row, 14, "audit line")?.as_deref().map(AuditLine::from_stored),
        terms: terms(get::<Option<String>>(row, 15, TERMS)?.as_deref())?,
        state,
    })
}

/// `None` in a row that was claimed by an older version.
pub(super) fn terms(text: Option<&str>) -> Result<Option<Terms>, Unreadable> {
    text.map(|text| Terms::from_stored(text).ok_or(Unreadable::Damaged(TERMS))).transpose()
}

const TERMS: &str = "retention, lease or namespace";

/// A number for SQLite, whose integers are signed. No record holds a larger one: clocks are cut off below it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The values of a record's columns, to be written.
#[derive(Debug)]
pub(super) struct Row<'r> {
    pub(super) state: i64,
    pub(super) until: Option<i64>,
    pub(super) reply: Option<&'r [u8]>,
    pub(super) audit: Option<&'r str>,
    fence: i64,
    nonce: &'r [u8],
    attempts: u32,
    after_crash: i64,
    recipe: u8,
    digest: &'r [u8],
    created: i64,
    label: &'r str,
    key_hint: &'r str,
    terms: Option<String>,
}

impl<'r> Row<'r> {
    pub(super) fn of(record: &'r Record) -> Self {
        let (until, reply) = match &record.state {
            State::Running { lease } => (Some(*lease), None),
            State::Done { reply, expires } => (Some(*expires), Some(reply.as_bytes())),
            State::Released { expires } => (Some(*expires), None),
            State::Unknown | State::Unwinding | State::Stuck => (None, None),
        };
        Self {
            state: number(record.state.kind()),
            until: until.map(|until| signed(until.as_micros())),
            reply,
            audit: record.audit.as_ref().map(AuditLine::as_str),
            fence: signed(record.owner.fence.as_u64()),
            nonce: record.owner.nonce.as_bytes(),
            attempts: record.attempts,
            after_crash: crash_number(record.after_crash),
            recipe: record.fingerprint.recipe(),
            digest: record.fingerprint.digest(),
            created: signed(record.created.as_micros()),
            label: record.label.as_str(),
            key_hint: record.key_hint.as_str(),
            terms: record.terms.as_ref().map(ToString::to_string),
        }
    }

    /// Every column but the address and the format.
    pub(super) fn all(&self) -> [&dyn ToSql; 14] {
        [
            &self.state,
            &self.fence,
            &self.nonce,
            &self.until,
            &self.attempts,
            &self.after_crash,
            &self.recipe,
            &self.digest,
            &self.created,
            &self.label,
            &self.key_hint,
            &self.reply,
            &self.audit,
            &self.terms,
        ]
    }

    /// What tells whether the row still is as it was read.
    pub(super) fn guard(&self) -> [&dyn ToSql; 4] {
        [&self.state, &self.fence, &self.nonce, &self.until]
    }

    /// The form of a statement that finds this row.
    pub(super) fn place(&self, statement: Both) -> &'static str {
        if self.state == number(StateKind::Done) { statement.done } else { statement.open }
    }
}

pub(super) fn number(kind: StateKind) -> i64 {
    i64::from(kind.as_u8())
}

fn crash_number(policy: AfterCrash) -> i64 {
    match policy {
        AfterCrash::Unknown => 0,
        AfterCrash::Rerun => 1,
    }
}

fn get<T: FromSql>(row: &rusqlite::Row<'_>, at: usize, what: &'static str) -> Result<T, Unreadable> {
    row.get(at).map_err(|_| Unreadable::Damaged(what))
}

fn int(row: &rusqlite::Row<'_>, at: usize, what: &'static str) -> Result<i64, Unreadable> {
    get(row, at, what)
}

/// `None` for a number that no known value has.
fn small(row: &rusqlite::Row<'_>, at: usize, what: &'static str) -> Result<Option<u8>, Unreadable> {
    int(row, at, what).map(|number| u8::try_from(number).ok())
}

fn unsigned(row: &rusqlite::Row<'_>, at: usize, what: &'static str) -> Result<u64, Unreadable> {
    int(row, at, what)?.try_into().map_err(|_| Unreadable::Damaged(what))
}

fn time(row: &rusqlite::Row<'_>, at: usize, what: &'static str) -> Result<Timestamp, Unreadable> {
    unsigned(row, at, what).map(Timestamp::from_micros)
}

fn bytes<const N: usize>(
    row: &rusqlite::Row<'_>,
    at: usize,
    what: &'static str,
) -> Result<[u8; N], Unreadable> {
    let bytes = row.get_ref(at).ok().and_then(|value| value.as_blob().ok());
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(Unreadable::Damaged(what))
}
