//! What happens: one line of JSON each, in a history and on a worker's standard output.

use serde::{Deserialize, Serialize};

use super::Call;

/// Something that happened. A history is a file to which driver and workers append, so its order is that of the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A worker runs, with these faults.
    Started {
        /// Its name.
        worker: String,
        /// Its `IDEM_FAULT`.
        faults: String,
    },
    /// A call is about to be made.
    Invoked {
        /// By whom.
        worker: String,
        /// Which.
        call: Call,
    },
    /// The handler runs for this call.
    Begun {
        /// The call.
        call: String,
    },
    /// The handler had its effect outside of idem.
    Effect {
        /// The call.
        call: String,
        /// The derived key with which it asked a service for it, if it did: that does its part once for each key.
        under: Option<String>,
    },
    /// The caller has its answer.
    Answered {
        /// The call.
        call: String,
        /// What it says.
        said: Said,
    },
    /// A worker is dead.
    Died {
        /// Which.
        worker: String,
    },
    /// A worker stands still.
    Stalled {
        /// Which.
        worker: String,
    },
    /// A worker is about to go on.
    Woken {
        /// Which.
        worker: String,
    },
    /// A verdict is about to be given; it may come to nothing.
    Verdict {
        /// The key.
        key: String,
        /// Whether it happened.
        happened: bool,
    },
    /// A record is about to be dropped; it may come to nothing.
    Forgotten {
        /// The key.
        key: String,
    },
    /// The verdict, or the dropping, is carried out.
    Given {
        /// The key.
        key: String,
    },
    /// The test is about to look at the record.
    Looking {
        /// The key.
        key: String,
    },
    /// How the record stood, at some moment since that.
    Record {
        /// The key.
        key: String,
        /// `None` if there is none.
        seen: Option<Seen>,
    },
    /// The runs whose rows are in the ledger: the coupled effects that are committed.
    Ledger {
        /// The key.
        key: String,
        /// The calls that the rows name.
        runs: Vec<String>,
    },
    /// A worker has done what it was told.
    Did,
}

/// A record, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its state's name.
    pub state: String,
    /// How often the operation was started.
    pub attempts: u32,
    /// The newest claim's fence.
    pub fence: u64,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// The operation is done.
    Done {
        /// The status: 201, or 422 for a final rejection.
        status: u16,
        /// Whether it says that it is a replay; a plain function does not say.
        replayed: Option<bool>,
        /// Everything that must be the same in every such answer: status, header lines and body.
        essence: String,
        /// What the body says.
        paid: Paid,
    },
    /// The handler itself says that it is not done, or that it does not know.
    NotDone {
        /// The status: 503, or 500 if it does not know.
        status: u16,
        /// Whether it says that it is a replay.
        replayed: Option<bool>,
        /// What the body says.
        paid: Paid,
    },
    /// idem refuses.
    Refused {
        /// Its code.
        code: String,
        /// Whether the same request may be sent again.
        retryable: bool,
    },
    /// The call panicked.
    Panicked,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The call for which the handler ran, or `verdict`.
    pub run: String,
    /// Scope and key of the request.
    pub key: String,
    /// What the request said.
    pub say: String,
}
