//! What may happen next.

use crate::state::{End, Request};

/// One step of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The store's clock moves.
    Tick,
    /// Something happens to the record of a key without a caller.
    Key(u8, Upkeep),
    /// A caller comes with a key, saying something else than the others or not; its worker's first step.
    Begin { call: u8, key: u8, other: bool, first: Step },
    /// The worker of a call moves on.
    Call(u8, Step),
    /// Something happens to what a call has sent.
    Database(u8, Fate),
}

/// What time and people do to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upkeep {
    Sweep,
    Reap,
    /// A claimant, a worker or an operator asks what became of an unknown operation.
    Ask,
    /// What was found out is written down.
    Settle,
    /// An operator drops the record.
    Forget,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The worker claims, and hears the answer. In a transaction: BEGIN, and the claim inside it.
    Claim,
    /// The worker sends a request and hears nothing. What was sent may be applied later, or never; the worker will repeat it.
    Unheard(Request),
    /// Only without its guard: no worker follows the claim to its answer.
    GiveUp,
    /// The handler does what cannot be undone.
    Effect,
    Renew,
    /// The output of the effect is stored.
    Store,
    /// The worker ends its claim, and hears the answer.
    End(End),
    /// Another transaction has the row locked, and the worker is told so. Or it waits, which is no step.
    ToldLocked,
    /// The handler writes the next half of its effect.
    Write,
    /// The handler returns: the completion inside the transaction.
    Finish,
    /// The handler returns an answer that is stored without its effect: roll back.
    Refuse,
    /// A new transaction with claim and completion alone.
    StoreRefusal,
    /// The handler says "try again": roll back.
    Abort,
    /// COMMIT, and its reply.
    Commit,
    /// COMMIT is sent, and its connection is gone.
    CommitUnheard,
    /// The claim is repeated through the store, to learn what became of the COMMIT.
    Settle,
    /// The process dies. What it has sent is under way; its transaction is rolled back.
    Crash,
    /// The process dies while its COMMIT is under way.
    CrashCommitting,
}

/// What becomes of a call's requests and of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// A request that is under way is applied. A copy of it may still come.
    Deliver(Request),
    /// No copy of it comes any more.
    Lose(Request),
    /// A COMMIT whose caller does not wait any more is carried out.
    Land,
    /// The COMMIT is not carried out: the transaction is rolled back.
    Undo,
    /// The transaction is rolled back behind the handler's back, and its next statement begins another one.
    RollBack,
    /// The same, but what was written so far is committed.
    CommitEarly,
}
