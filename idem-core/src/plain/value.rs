//! The stored form of a function's result: a tag, which arm of `Result` it is, and JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::refused::Unavailable;
use crate::reply::{Format, Reply};

/// Which arm of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arm {
    Ok = 0,
    Err = 1,
}

/// The reply of a function that returned `Ok(value)`: for an operator's
/// [`Verdict::Happened`](crate::protocol::Verdict::Happened).
///
/// # Errors
/// What `value`'s `Serialize` says.
pub fn reply<T: Serialize + ?Sized>(value: &T) -> Result<Reply, serde_json::Error> {
    encode(Arm::Ok, value)
}

pub(super) fn encode<T: Serialize + ?Sized>(arm: Arm, value: &T) -> Result<Reply, serde_json::Error> {
    let mut bytes = vec![Format::Value as u8, arm as u8];
    serde_json::to_writer(&mut bytes, value)?;
    Ok(bytes.into())
}

/// The arm and the JSON of a reply.
pub(super) fn open(reply: &Reply) -> Result<(Arm, &[u8]), Unavailable> {
    if let Some(why) = reply.why_unavailable() {
        return Err(why);
    }
    match reply.as_bytes() {
        [tag, arm, json @ ..] if *tag == Format::Value as u8 => match arm {
            0 => Ok((Arm::Ok, json)),
            1 => Ok((Arm::Err, json)),
            _ => Err(Unavailable::Unreadable),
        },
        _ => Err(Unavailable::Unreadable),
    }
}

pub(super) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unavailable> {
    serde_json::from_slice(json).map_err(|error| {
        // The text of the error may hold data; where it failed does not.
        tracing::error!(
            line = error.line(),
            column = error.column(),
            wanted = std::any::type_name::<T>(),
            "a stored result does not decode into what the function returns now"
        );
        Unavailable::Unreadable
    })
}
