//! The rules for key and scope, which every form asks before it has an operation.

use crate::engine::Engine;
use crate::key::InvalidKey;
use crate::refused::Refused;

/// The key, if there is one; `None` where none is needed.
///
/// # Errors
/// The key is empty, or missing.
pub(crate) fn checked_key(key: Option<Vec<u8>>, optional: bool) -> Result<Option<Vec<u8>>, Refused> {
    match key {
        Some(key) if key.is_empty() => Err(InvalidKey::Empty.into()),
        Some(key) => Ok(Some(key)),
        None if optional => Ok(None),
        None => Err(Refused::KeyMissing),
    }
}

/// The scope, or why there is none, which the log says besides.
///
/// # Errors
/// There is no scope.
pub(crate) fn checked_scope(
    engine: &Engine,
    operation: &str,
    scope: Result<Vec<u8>, &'static str>,
) -> Result<Vec<u8>, Refused> {
    scope.map_err(|why| {
        engine.log_no_scope(operation, why);
        Refused::ScopeMissing(why)
    })
}
