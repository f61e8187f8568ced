//! Between rows and records.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{AfterCrash, Fence, Nonce, Owner, Record, State, StateKind};
use crate::reply::Reply;
use crate::store::{StoreError, StoreErrorKind};
use crate::time::Timestamp;

/// The only format of a row so far.
const FORMAT: i64 = 1;

/// A row that this code must neither believe nor change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It holds something that only a newer version knows.
    Newer(&'static str),
    /// It holds something that no version wrote.
    Damaged(&'static str),
}

impl Unreadable {
    pub(super) fn to_error(self, address: Address) -> StoreError {
        match self {
            Self::Newer(what) => StoreError::new(
                StoreErrorKind::UnknownFormat,
                format!(
                    "record {address} has a {what} that only a newer version of idem knows: update this process"
                ),
            ),
            Self::Damaged(what) => StoreError::new(
                StoreErrorKind::Corrupt,
                format!("record {address} is damaged: its {what} makes no sense"),
            ),
        }
    }
}

/// Where a row lives.
pub(super) fn address(row: &SqliteRow) -> Result<Address, Unreadable> {
    bytes(row, 0, "address").map(Address::from_bytes)
}

/// The record in a row.
pub(super) fn record(row: &SqliteRow) -> Result<Record, Unreadable> {
    // First, because in another format everything else may mean something else.
    if int(row, 1, "format")? != FORMAT {
        return Err(Unreadable::Newer("format"));
    }
    let kind = small(row, 2, "state")?.and_then(StateKind::from_u8).ok_or(Unreadable::Newer("state"))?;
    let state = match kind {
        StateKind::Running => State::Running { lease: time(row, 5, "lease")? },
        StateKind::Done => State::Done {
            reply: Reply::from(get::<Vec<u8>>(row, 14, "reply")?),
            expires: time(row, 6, "expiry")?,
        },
        StateKind::Released => State::Released { expires: time(row, 6, "expiry")? },
        StateKind::Unknown => State::Unknown,
        StateKind::Unwinding => State::Unwinding,
        StateKind::Stuck => State::Stuck,
    };
    let after_crash = match int(row, 8, "crash policy")? {
        0 => AfterCrash::Unknown,
        1 => AfterCrash::Rerun,
        _ => return Err(Unreadable::Newer("crash policy")),
    };
    let digest = bytes(row, 10, "fingerprint")?;
    let fingerprint = small(row, 9, "fingerprint recipe")?
        .and_then(|recipe| Fingerprint::from_stored(recipe, digest))
        .ok_or(Unreadable::Newer("fingerprint recipe"))?;
    Ok(Record {
        fingerprint,
        owner: Owner {
            fence: Fence::from_u64(unsigned(row, 3, "fence")?),
            nonce: Nonce::from_bytes(bytes(row, 4, "nonce")?),
        },
        attempts: unsigned(row, 7, "attempts")?.try_into().unwrap_or(u32::MAX),
        after_crash,
        created: Timestamp::from_micros(unsigned(row, 11, "time of creation")?),
        label: Label::from_stored(get(row, 12, "label")?),
        key_hint: KeyHint::from_stored(get(row, 13, "key hint")?),
        state,
    })
}

/// A number for SQLite, whose integers are signed. No record holds a larger one: clocks are cut off below it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a state puts into its own columns.
pub(super) struct StateColumns<'a> {
    pub(super) state: i64,
    pub(super) lease: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) reply: Option<&'a [u8]>,
}

impl<'a> StateColumns<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let (lease, expires, reply) = match state {
            State::Running { lease } => (Some(*lease), None, None),
            State::Done { reply, expires } => (None, Some(*expires), Some(reply.as_bytes())),
            State::Released { expires } => (None, Some(*expires), None),
            State::Unknown | State::Unwinding | State::Stuck => (None, None, None),
        };
        let micros = |time: Timestamp| signed(time.as_micros());
        Self { state: number(state.kind()), lease: lease.map(micros), expires: expires.map(micros), reply }
    }
}

pub(super) fn number(kind: StateKind) -> i64 {
    i64::from(kind.as_u8())
}

pub(super) fn crash_number(policy: AfterCrash) -> i64 {
    match policy {
        AfterCrash::Unknown => 0,
        AfterCrash::Rerun => 1,
    }
}

fn get<'r, T>(row: &'r SqliteRow, at: usize, what: &'static str) -> Result<T, Unreadable>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    // Asked for a plain number, the driver reads NULL as 0.
    row.try_get::<Option<T>, _>(at).ok().flatten().ok_or(Unreadable::Damaged(what))
}

fn int(row: &SqliteRow, at: usize, what: &'static str) -> Result<i64, Unreadable> {
    get(row, at, what)
}

/// `None` for a number that no known value has.
fn small(row: &SqliteRow, at: usize, what: &'static str) -> Result<Option<u8>, Unreadable> {
    int(row, at, what).map(|number| u8::try_from(number).ok())
}

fn unsigned(row: &SqliteRow, at: usize, what: &'static str) -> Result<u64, Unreadable> {
    int(row, at, what)?.try_into().map_err(|_| Unreadable::Damaged(what))
}

fn time(row: &SqliteRow, at: usize, what: &'static str) -> Result<Timestamp, Unreadable> {
    unsigned(row, at, what).map(Timestamp::from_micros)
}

fn bytes<const N: usize>(row: &SqliteRow, at: usize, what: &'static str) -> Result<[u8; N], Unreadable> {
    get::<&[u8]>(row, at, what)?.try_into().map_err(|_| Unreadable::Damaged(what))
}
