//! The stored form of a function's result: a tag, which arm of `Result` it is, and the value.
//!
//! The value is JSON wherever JSON tells all of it: an operator can read it, and so can processes of the version before,
//! which serve side by side. Otherwise it is in the [exact](super::exact) form, which they refuse. What is written is read
//! back first: a value that neither form brings back is not stored at all.

use std::any::type_name;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error;

use super::exact;
use crate::refused::UnavailableResult;
use crate::reply::{Format, Reply};

/// Which arm of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arm {
    Ok = 0,
    Err = 1,
}

/// A stored value, in its form.
#[derive(Clone, Copy)]
pub enum Value<'r> {
    /// As text.
    Json(&'r [u8]),
    /// As this crate writes it.
    Exact(&'r [u8]),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "Json",
            Self::Exact(_) => "Exact",
        })
    }
}

/// Before the value: the format and the arm.
const HEAD: usize = 2;

/// The reply of a function that returned `Ok(value)`: for an operator's
/// [`Verdict::Happened`](crate::protocol::Verdict::Happened).
///
/// # Errors
/// What `value`'s `Serialize` says.
pub fn reply<T: Serialize + ?Sized>(value: &T) -> Result<Reply, serde_json::Error> {
    let written = exact::write(value).map_err(serde_json::Error::custom)?;
    match json(Arm::Ok, value) {
        Ok(json) if written.fits_json => Ok(json),
        _ => Ok(framed(Format::ExactValue, Arm::Ok, &written.bytes)),
    }
}

/// The reply that brings `value` back.
pub(super) fn encode<T: Serialize + DeserializeOwned>(
    arm: Arm,
    value: &T,
) -> Result<Reply, UnavailableResult> {
    let written = exact::write(value).map_err(|fault| {
        tracing::error!(returned = type_name::<T>(), %fault, "a result cannot be written down, so it is not replayed");
        UnavailableResult::NotSerialisable
    })?;
    let json = written.fits_json.then(|| json(arm, value).ok()).flatten();
    if let Some(reply) = json.filter(|reply| comes_back::<T>(reply, &written.bytes)) {
        return Ok(reply);
    }
    let reply = framed(Format::ExactValue, arm, &written.bytes);
    if comes_back::<T>(&reply, &written.bytes) {
        return Ok(reply);
    }
    tracing::error!(
        returned = type_name::<T>(),
        "a result does not come back from serde as it was written, so it is not replayed: make the `Deserialize` of its \
         type read all that its `Serialize` writes"
    );
    Err(UnavailableResult::NotSerialisable)
}

/// The reply that `write` gives, or the tombstone in its place: the operation has happened, so it must not run again,
/// also when its result cannot be stored. `limit`: the longest value in bytes.
pub(super) fn kept(write: impl FnOnce() -> Result<Reply, UnavailableResult>, limit: usize) -> Reply {
    let written = catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|_| {
        // The panic hook has told where.
        tracing::error!("the serde code of a result panicked, so the result is not replayed");
        Err(UnavailableResult::NotSerialisable)
    });
    match written {
        Ok(reply) if reply.as_bytes().len().saturating_sub(HEAD) > limit => {
            tracing::warn!(
                bytes = reply.as_bytes().len(),
                limit,
                "a result is too large to be kept, so it is not replayed: raise `max_response_bytes`, or return less"
            );
            Reply::tombstone(UnavailableResult::TooLarge)
        }
        Ok(reply) => reply,
        Err(why) => Reply::tombstone(why),
    }
}

fn json<T: Serialize + ?Sized>(arm: Arm, value: &T) -> Result<Reply, serde_json::Error> {
    let mut bytes = vec![Format::Value as u8, arm as u8];
    serde_json::to_writer(&mut bytes, value)?;
    Ok(bytes.into())
}

fn framed(format: Format, arm: Arm, value: &[u8]) -> Reply {
    let mut bytes = Vec::with_capacity(HEAD + value.len());
    bytes.extend([format as u8, arm as u8]);
    bytes.extend_from_slice(value);
    bytes.into()
}

/// True if what is read from `reply` would be written again as `written`. This finds what the types cannot show, since
/// a result need not be comparable.
fn comes_back<T: Serialize + DeserializeOwned>(reply: &Reply, written: &[u8]) -> bool {
    let read = open(reply).ok().and_then(|(_, value)| value.read::<T>());
    read.and_then(|read| exact::write(&read).ok()).is_some_and(|again| exact::same(&again.bytes, written))
}

/// The arm and the value of a reply.
pub(super) fn open(reply: &Reply) -> Result<(Arm, Value<'_>), UnavailableResult> {
    if let Some(why) = reply.why_unavailable() {
        return Err(why);
    }
    let [format, arm, value @ ..] = reply.as_bytes() else { return Err(UnavailableResult::Unreadable) };
    let arm = match arm {
        0 => Arm::Ok,
        1 => Arm::Err,
        _ => return Err(UnavailableResult::Unreadable),
    };
    match *format {
        format if format == Format::Value as u8 => Ok((arm, Value::Json(value))),
        format if format == Format::ExactValue as u8 => Ok((arm, Value::Exact(value))),
        _ => Err(UnavailableResult::Unreadable),
    }
}

impl Value<'_> {
    fn read<T: DeserializeOwned>(self) -> Option<T> {
        match self {
            Self::Json(bytes) => serde_json::from_slice(bytes).ok(),
            Self::Exact(bytes) => exact::read(bytes).ok(),
        }
    }
}

pub(super) fn decode<T: DeserializeOwned>(value: Value<'_>) -> Result<T, UnavailableResult> {
    value.read().ok_or_else(|| {
        // The text of serde's error may hold data.
        tracing::error!(
            wanted = type_name::<T>(),
            "a stored result does not decode into what the function returns now"
        );
        UnavailableResult::Unreadable
    })
}
