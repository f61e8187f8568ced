//! The kinds of handlers that the matrix has a column for. Another one is another row, and a handler in the worker.

use crate::checker::Effects;
use crate::site::StoreKind::{self, MariaDb, Postgres, Redis, Sqlite};

/// How a handler is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Axum,
    Plain,
}

#[derive(Debug)]
pub(crate) struct Kind {
    /// Its name in the worker, too.
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) effects: Effects,
    pub(crate) stores: &'static [StoreKind],
    /// The points that it passes in no scenario, by the beginnings of their names.
    pub(crate) never: &'static [&'static str],
}

pub(crate) const EVERY: &[StoreKind] = &[Sqlite, Postgres, MariaDb, Redis];
/// A transaction can be had of these.
const DATABASES: &[StoreKind] = &[Sqlite, Postgres, MariaDb];
/// A COMMIT can be lost on the way to these.
pub(crate) const SERVERS: &[StoreKind] = &[Postgres, MariaDb];

pub(crate) static KINDS: [Kind; 7] = [
    Kind {
        name: "axum-unknown",
        form: Form::Axum,
        effects: Effects::AtMostOnce,
        stores: EVERY,
        never: &["plain.", "tx."],
    },
    Kind {
        name: "axum-rerun",
        form: Form::Axum,
        effects: Effects::OncePerAttempt,
        stores: EVERY,
        never: &["plain.", "tx.", NEVER_ABANDONED],
    },
    Kind {
        name: "plain-unknown",
        form: Form::Plain,
        effects: Effects::AtMostOnce,
        stores: EVERY,
        never: &["axum.", "tx."],
    },
    Kind {
        name: "plain-rerun",
        form: Form::Plain,
        effects: Effects::OncePerAttempt,
        stores: EVERY,
        never: &["axum.", "tx.", NEVER_ABANDONED],
    },
    Kind {
        name: "travel",
        form: Form::Axum,
        effects: Effects::OncePerDerivedKey,
        stores: EVERY,
        never: &["plain.", "tx.", NEVER_ABANDONED],
    },
    Kind {
        name: "tx",
        form: Form::Axum,
        effects: Effects::Coupled,
        stores: DATABASES,
        // Its handler ends although its caller has left.
        never: &NEVER_IN_A_TRANSACTION,
    },
    Kind {
        name: "tx-plain",
        form: Form::Plain,
        effects: Effects::Coupled,
        stores: DATABASES,
        never: NEVER_IN_A_TRANSACTION.split_at(1).1,
    },
];

/// An abandoned claim that may run again is freed or taken over; the sweep makes it never unknown.
const NEVER_ABANDONED: &str = "keeper.count.";

/// Only a plain function in a transaction can lose its caller when nothing of its claim is left.
const UNCLAIMED: &str = "unclaimed.follow.";

/// Others see a coupled handler's record only when it is over. So there is no lease to renew or to lose, no claim to free
/// or to take back, nothing for a drain to give up; a process that dies leaves nothing to take over or to sweep up. But a
/// handler that ends as `Ambiguous` leaves a record like any other.
const NEVER_IN_A_TRANSACTION: [&str; 14] = [
    UNCLAIMED,
    "axum.",
    "plain.",
    "engine.replay.",
    "engine.run.",
    "engine.complete.",
    "engine.release.",
    "engine.drop.",
    "engine.background.",
    "keeper.renew.",
    "keeper.lost.",
    "drain.unknown.",
    "unclaimed.release.",
    "unclaimed.look_up.",
];

impl Kind {
    pub(crate) fn passes(&self, point: &str) -> bool {
        !self.never.iter().any(|never| point.starts_with(never))
    }
}
