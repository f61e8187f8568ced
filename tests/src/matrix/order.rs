//! Orders to a worker: one line of JSON each, on its standard input.

use serde::{Deserialize, Serialize};

/// What a worker is told to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Make a call.
    Call(Call),
    /// Let every held handler go on, those to come included.
    Go,
    /// Hold the thread that reaches this point next, until [`Order::Unhold`].
    Hold {
        /// The point.
        point: String,
    },
    /// Let the held thread go on.
    Unhold,
    /// Pass a point of the worker's own, so that everything passed before is known.
    Mark,
    /// Begin to shut down at the moment in which the next claim is answered.
    ShutDownAtClaim,
    /// Shut down, without patience for what runs.
    Drain,
    /// Store a verdict.
    Settle {
        /// The kind whose record it is about.
        kind: String,
        /// Its scope and key, as in [`Call::key`].
        key: String,
        /// What the request said.
        say: String,
        /// Whether it happened.
        happened: bool,
    },
    /// Let an unknown operation run again.
    Retry {
        /// The kind whose record it is.
        kind: String,
        /// Its scope and key.
        key: String,
    },
    /// Drop a record.
    Forget {
        /// The kind whose record it is.
        kind: String,
        /// Its scope and key.
        key: String,
    },
    /// Tell how a record stands.
    Look {
        /// The kind whose record it is.
        kind: String,
        /// Its scope and key.
        key: String,
    },
}

/// One call of an idempotent handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The call's name: no other call of a history has it. A run of the handler is named after its call.
    pub call: String,
    /// Which handler.
    pub kind: String,
    /// Scope and key, as `scope/key`.
    pub key: String,
    /// What the request says: its fingerprint.
    pub say: String,
    /// What the handler does, should it run. Not part of the fingerprint.
    pub mode: Mode,
    /// How patient its caller is.
    pub caller: Caller,
}

impl Call {
    /// Who calls.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.key.split_once('/').map_or("", |(scope, _)| scope)
    }

    /// The key that the caller sends.
    #[must_use]
    pub fn sent_key(&self) -> &str {
        self.key.split_once('/').map_or(&self.key, |(_, key)| key)
    }
}

/// What a handler does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Has its effect, and answers 201.
    Pay,
    /// Has its effect, waits for [`Order::Go`], and answers 201.
    Held,
    /// Has no effect, and says "try again".
    Refuse,
    /// Has no effect, and answers 422.
    Reject,
    /// Has its effect, and says that it does not know.
    Ambiguous,
    /// Has no effect, and says that it does not know.
    Doubtful,
    /// Has its effect, and panics.
    Panic,
}

/// How patient a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caller {
    /// Until there is an answer.
    Waits,
    /// Gone once the store is asked for a claim.
    LeavesAtClaim,
    /// Gone once the handler has begun.
    LeavesInHandler,
}
