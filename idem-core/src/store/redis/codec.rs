//! Between records and the strings that stand for them.
//!
//! A string of format 1 or 2 begins with a header of 48 bytes, which the scripts read as well, numbers big-endian:
//!
//! | bytes from 0 | what |
//! |---|---|
//! | 0 | format: 2 with the line of an order, 1 without |
//! | 1 | state |
//! | 2–9 | end of the lease while running; expiry once done or released; else 0 |
//! | 10–17 | time of creation |
//! | 18–25 | fence |
//! | 26–41 | nonce |
//! | 42 | crash policy: 0 unknown, 1 rerun |
//! | 43 | recipe of the fingerprint |
//! | 44–47 | attempts |
//!
//! Then the digest (32 bytes; none for recipe 0), the label after its length in 2 bytes, the key hint after its length
//! in 1 byte, in format 2 the audit line after its length in 1 byte, and last the reply. A version that knows only
//! format 1 refuses format 2.
//!
//! The label is a text of two lines, operation and hint of the scope. A third one is not part of it: there stands what the
//! handler said about the record, [`Terms`]. Versions that know nothing of that keep it as the end of the label, and show
//! it to operators behind the hint of the scope.

use std::time::Duration;

use crate::address::Address;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{
    AfterCrash, AuditLine, Claim, Fence, Namespace, Nonce, Owner, Record, State, StateKind, Terms,
};
use crate::reply::Reply;
use crate::store::StoreError;
use crate::store::unreadable::Unreadable;

const PLAIN: u8 = 1;
const AUDITED: u8 = 2;
pub(super) const HEADER: usize = 48;
/// Where the fence begins.
const FENCE: usize = 18;

/// The end of time in Redis, whose scripts count in doubles: the year 2255.
const END: u64 = (1 << 53) - 1;

/// A span in microseconds, such that the clock and it add up exactly in a double.
pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(END).min(END)
}

/// The first bytes of a claim's record are the script's; these are the others, from the nonce on.
pub(super) fn claimed(claim: &Claim) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    bytes.extend_from_slice(claim.nonce.as_bytes());
    let label = with_terms(&claim.label, Some(&claim.terms));
    tail(&mut bytes, claim.after_crash, &claim.fingerprint, 1, &label, claim.key_hint);
    bytes
}

/// Fence and nonce as they lie in a record.
pub(super) fn owner(owner: Owner) -> [u8; 24] {
    let mut bytes = [0; 24];
    let (fence, nonce) = bytes.split_at_mut(8);
    fence.copy_from_slice(&owner.fence.as_u64().to_be_bytes());
    nonce.copy_from_slice(owner.nonce.as_bytes());
    bytes
}

/// The whole record.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let reply: &[u8] = match &record.state {
        State::Done { reply, .. } => reply.as_bytes(),
        _ => &[],
    };
    let mut bytes = Vec::with_capacity(160 + reply.len());
    let format = if record.audit.is_some() { AUDITED } else { PLAIN };
    bytes.extend_from_slice(&[format, record.state.kind().as_u8()]);
    bytes.extend_from_slice(&until(&record.state).to_be_bytes());
    bytes.extend_from_slice(&record.created.as_micros().to_be_bytes());
    bytes.extend_from_slice(&owner(record.owner));
    tail(
        &mut bytes,
        record.after_crash,
        &record.fingerprint,
        record.attempts,
        &with_terms(&record.label, record.terms.as_ref()),
        record.key_hint,
    );
    if let Some(line) = &record.audit {
        let line = cut(line.as_str(), u8::MAX.into());
        bytes.push(u8::try_from(line.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(line.as_bytes());
    }
    bytes.extend_from_slice(reply);
    bytes
}

/// The end of a lease or the expiry; 0 for states without one.
pub(super) fn until(state: &State) -> u64 {
    match state {
        State::Running { lease: time }
        | State::Done { expires: time, .. }
        | State::Released { expires: time } => time.as_micros().min(END),
        State::Unknown | State::Unwinding | State::Stuck => 0,
    }
}

fn tail(
    bytes: &mut Vec<u8>,
    after_crash: AfterCrash,
    fingerprint: &Fingerprint,
    attempts: u32,
    label: &str,
    key_hint: KeyHint,
) {
    let policy = match after_crash {
        AfterCrash::Unknown => 0,
        AfterCrash::Rerun => 1,
    };
    bytes.extend_from_slice(&[policy, fingerprint.recipe()]);
    bytes.extend_from_slice(&attempts.to_be_bytes());
    if fingerprint.recipe() != 0 {
        bytes.extend_from_slice(fingerprint.digest());
    }
    // Some 1,000 bytes at most, by how it is made. One from elsewhere may be longer, and is cut.
    let label = cut(label, u16::MAX.into());
    bytes.extend_from_slice(&u16::try_from(label.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(label.as_bytes());
    let hint = key_hint.as_str();
    bytes.push(u8::try_from(hint.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(hint.as_bytes());
}

/// The label, and in a third line the terms.
fn with_terms(label: &Label, terms: Option<&Terms>) -> String {
    let two = first_lines(label.as_str()).0;
    match terms {
        // A label without hint of a scope is from elsewhere.
        Some(terms) if !two.contains('\n') => format!("{two}\n\n{terms}"),
        Some(terms) => format!("{two}\n{terms}"),
        None => two.to_owned(),
    }
}

/// The label's two lines, and what stands behind them.
fn first_lines(text: &str) -> (&str, Option<&str>) {
    let second = text.match_indices('\n').nth(1).map(|(at, _)| at);
    second.and_then(|at| text.split_at_checked(at)).map_or((text, None), |(two, rest)| (two, rest.get(1..)))
}

fn cut(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default()
}

/// What a string says.
pub(super) fn decode(bytes: &[u8], address: Address) -> Result<Record, StoreError> {
    read(Bytes(bytes)).map_err(|unreadable| unreadable.to_error(address))
}

/// How many bytes of a record say all that [`Glimpse`] tells: the header, the digest, and the label with its third line.
pub(super) const GLIMPSE: usize = 2048;

/// What the beginning of a record says, to tell whether it is one that a look is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Glimpse {
    /// The number of the record's state.
    pub(super) state: u8,
    /// `None` where the record names none, or in a way that only a newer version knows.
    pub(super) namespace: Option<Namespace>,
    /// The newest claim of the record, by its fence. `None` where the record is cut off.
    pub(super) claimed: Option<Timestamp>,
}

impl Glimpse {
    /// `None` of nothing.
    pub(super) fn of(beginning: &[u8]) -> Option<Self> {
        let state = *beginning.get(1)?;
        let fence = beginning.get(FENCE..).and_then(<[u8]>::first_chunk);
        let claimed = fence.map(|fence| Timestamp::from_micros(u64::from_be_bytes(*fence)));
        let terms = terms(Bytes(beginning)).ok().flatten();
        Some(Self { state, namespace: terms.map(|terms| Namespace::from_stored(terms.namespace())), claimed })
    }
}

/// The terms of a record whose beginning this is.
fn terms(mut bytes: Bytes<'_>) -> Result<Option<Terms>, Unreadable> {
    let header: [u8; HEADER] = bytes.array("header")?;
    let [format, .., recipe, _, _, _, _] = header;
    if !matches!(format, PLAIN | AUDITED) {
        return Err(Unreadable::Newer("format"));
    }
    if recipe != 0 {
        bytes.array::<32>("fingerprint")?;
    }
    label(&mut bytes).map(|(_, terms)| terms)
}

/// The label, and what stands behind it.
fn label(bytes: &mut Bytes<'_>) -> Result<(Label, Option<Terms>), Unreadable> {
    let length = u16::from_be_bytes(bytes.array("label")?);
    let (label, rest) = first_lines(bytes.text(usize::from(length), "label")?);
    // One line: a newer version may say more behind it.
    let terms = rest.and_then(|rest| rest.lines().next()).and_then(Terms::from_stored);
    Ok((Label::from_stored(label), terms))
}

/// What is left to be read.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Unreadable> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Unreadable::Damaged(what))?;
        self.0 = rest;
        Ok(*first)
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, Unreadable> {
        self.array(what).map(|[byte]| byte)
    }

    fn time(&mut self, what: &'static str) -> Result<Timestamp, Unreadable> {
        self.array(what).map(u64::from_be_bytes).map(Timestamp::from_micros)
    }

    fn text(&mut self, length: usize, what: &'static str) -> Result<&'b str, Unreadable> {
        let (text, rest) = self.0.split_at_checked(length).ok_or(Unreadable::Damaged(what))?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Unreadable::Damaged(what))
    }
}

fn read(mut bytes: Bytes<'_>) -> Result<Record, Unreadable> {
    // First, because in another format everything else may mean something else.
    let audited = match bytes.byte("format")? {
        PLAIN => false,
        AUDITED => true,
        _ => return Err(Unreadable::Newer("format")),
    };
    let kind = StateKind::from_u8(bytes.byte("state")?).ok_or(Unreadable::Newer("state"))?;
    let until = bytes.time("lease or expiry")?;
    let created = bytes.time("time of creation")?;
    let fence = Fence::from_u64(u64::from_be_bytes(bytes.array("fence")?));
    let nonce = Nonce::from_bytes(bytes.array("nonce")?);
    let after_crash = match bytes.byte("crash policy")? {
        0 => AfterCrash::Unknown,
        1 => AfterCrash::Rerun,
        _ => return Err(Unreadable::Newer("crash policy")),
    };
    let recipe = bytes.byte("fingerprint recipe")?;
    let attempts = u32::from_be_bytes(bytes.array("attempts")?);
    let digest = if recipe == 0 { [0; 32] } else { bytes.array("fingerprint")? };
    let fingerprint =
        Fingerprint::from_stored(recipe, digest).ok_or(Unreadable::Newer("fingerprint recipe"))?;
    let (label, terms) = label(&mut bytes)?;
    let length = bytes.byte("key hint")?;
    let key_hint = KeyHint::from_stored(bytes.text(usize::from(length), "key hint")?);
    let audit = if audited {
        let length = bytes.byte("audit line")?;
        Some(AuditLine::from_stored(bytes.text(usize::from(length), "audit line")?))
    } else {
        None
    };
    let state = match kind {
        StateKind::Running => State::Running { lease: until },
        StateKind::Done => State::Done { reply: Reply::from(bytes.0.to_vec()), expires: until },
        StateKind::Released => State::Released { expires: until },
        StateKind::Unknown => State::Unknown,
        StateKind::Unwinding => State::Unwinding,
        StateKind::Stuck => State::Stuck,
    };
    Ok(Record {
        fingerprint,
        owner: Owner { fence, nonce },
        attempts,
        after_crash,
        created,
        label,
        key_hint,
        audit,
        terms,
        state,
    })
}

#[cfg(test)]
mod tests;
