//! What a plain idempotent function may return.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::refused::Refused;

/// What an idempotent function returns: `Result<T, E>` with a storable `T` and `E: From<Refused>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of an idempotent function",
    label = "not `Result<T, E>` with `T: Serialize + DeserializeOwned` and `E: From<Refused>`",
    note = "write `Result<{Self}, idem_core::Refused>`, or use an error type of yours with `impl From<idem_core::Refused>`: \
            a caller must be able to hear that the operation is in progress or its store unreachable",
    note = "derive `serde::Serialize` and `serde::Deserialize` for the `Ok` type: it is stored and replayed"
)]
pub trait Output {
    /// What is stored and replayed.
    type Value: Serialize + DeserializeOwned;
    /// What reports a refusal.
    type Error: From<Refused>;
}

impl<T: Serialize + DeserializeOwned, E: From<Refused>> Output for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// Fails to compile on the return type rather than somewhere in the expansion.
pub const fn assert_output<R: Output>() {}

/// Fails to compile on the argument's type rather than somewhere in the expansion.
pub const fn assert_detachable<T: Send + 'static>(_: &T) {}
