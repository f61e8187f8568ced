//! One call of an axum handler in a transaction. The macro emits
//! `match context.operation(…).key(…).couple(…).await { Answer(a) => a, Run(call) => spawn(call.run(…)).await }`.

use sqlx::{Database, Transaction};

use super::former::Before;
use super::op::{AxumOperation, Resolved, no_layer};
use super::respond::{self, meaning, replay};
use super::written_down::{Limits, written_down};
use super::{Response, problem};
use crate::engine::{ASK_AGAIN, Bare, Config, Coupled, Known, Meaning, Turn};
use crate::http::Profile;
use crate::policy::Policy;
use crate::refused::Refused;
use crate::tx::TxSpec;

/// What a call may do.
pub enum TxEntry<Db: Database> {
    /// Give this answer.
    Answer(Response),
    /// Run the handler.
    Run(TxCall<Db>),
}

crate::debug::variants!([Db: Database] TxEntry<Db> { Answer, Run });

/// A call whose handler may run.
#[must_use]
pub struct TxCall<Db: Database> {
    kind: Kind<Db>,
    terms: Terms,
    before: Option<Box<Before>>,
}

crate::debug::structure!([Db: Database] TxCall<Db>);

enum Kind<Db: Database> {
    Keyed(Box<Coupled<Db>>),
    Bare(Bare<Db>),
}

crate::debug::variants!([Db: Database] Kind<Db> { Keyed, Bare });

#[derive(Debug, Clone, Copy)]
struct Terms {
    policy: Policy,
    profile: Profile,
    limits: Limits,
}

/// What became of one run.
pub enum TxFlow<Db: Database> {
    /// This is the answer.
    Done(Response),
    /// Nothing happened: run the handler again.
    Again(TxCall<Db>),
}

crate::debug::variants!([Db: Database] TxFlow<Db> { Done, Again });

impl AxumOperation {
    /// Finds out what is known without a transaction.
    ///
    /// # Cancel safety
    /// Nothing has begun.
    pub async fn couple<Db: Database>(self, rules: TxSpec) -> TxEntry<Db> {
        let Some(policy) = self.policy() else { return TxEntry::Answer(no_layer()) };
        let mut before = None;
        let (engine, operation) = match self.resolve().await {
            Resolved::Operation(engine, operation, former) => {
                before = Before::of(&engine, &operation, former);
                (engine, Some(operation))
            }
            Resolved::Unprotected(Some(engine)) => (engine, None),
            Resolved::Unprotected(None) => return TxEntry::Answer(no_layer()),
            Resolved::Refused(answer) => return TxEntry::Answer(answer),
        };
        let profile = engine.config.profile;
        let terms = Terms { policy, profile, limits: limits(&engine.config, &policy) };
        let known = match operation {
            Some(operation) => engine.couple(operation, rules.rules()).await,
            None => match engine.bare(rules.rules()) {
                Ok(bare) => return TxEntry::Run(TxCall { kind: Kind::Bare(bare), terms, before: None }),
                Err(refused) => Err(refused),
            },
        };
        match known {
            Ok(Known::Replay(reply)) => TxEntry::Answer(replay(&reply, profile)),
            Ok(Known::Nothing(coupled)) => TxEntry::Run(TxCall { kind: Kind::Keyed(coupled), terms, before }),
            Err(refused) => TxEntry::Answer(mismatched(before, refused, profile).await),
        }
    }
}

/// What a refused caller hears: a mismatch may be with a record of the version before.
async fn mismatched(before: Option<Box<Before>>, refused: Refused, profile: Profile) -> Response {
    let refused = match before {
        Some(before) if refused == Refused::KeyReused => match before.answer().await {
            Ok(reply) => return replay(&reply, profile),
            Err(refused) => refused,
        },
        _ => refused,
    };
    problem(&refused, profile)
}

impl<Db: Database> TxCall<Db> {
    /// Runs the handler in a transaction and ends it as its response means.
    pub async fn run<T>(
        self,
        respond: fn(T) -> Response,
        conflict: fn(&T) -> bool,
        wanted: impl FnOnce(&Response) -> bool,
        commits: impl FnOnce(&Response) -> bool,
        handler: impl AsyncFnOnce(&mut Transaction<'_, Db>) -> T,
    ) -> Response {
        let profile = self.terms.profile;
        match self.attempt(respond, conflict, wanted, commits, handler).await {
            TxFlow::Done(response) => response,
            // Only where retries were asked for.
            TxFlow::Again(_) => problem(&Refused::TransactionConflict { retry_after: ASK_AGAIN }, profile),
        }
    }

    /// The same, where the handler may run again.
    pub async fn attempt<T>(
        self,
        respond: fn(T) -> Response,
        conflict: fn(&T) -> bool,
        wanted: impl FnOnce(&Response) -> bool,
        commits: impl FnOnce(&Response) -> bool,
        handler: impl AsyncFnOnce(&mut Transaction<'_, Db>) -> T,
    ) -> TxFlow<Db> {
        let Self { kind, terms, before } = self;
        let judged = async |tx: &mut Transaction<'_, Db>| {
            let output = handler(tx).await;
            let conflict = conflict(&output);
            let response = respond(output);
            // What may have happened elsewhere must not happen again.
            let doubtful = matches!(meaning(&response, &terms.policy), respond::Meaning::Unknown);
            if conflict && !doubtful {
                return (response, Meaning::Conflict);
            }
            let wanted = wanted(&response);
            let commits = commits(&response);
            judge(response, wanted, commits, terms).await
        };
        let refused = |refused| TxFlow::Done(problem(&refused, terms.profile));
        match kind {
            Kind::Bare(bare) => match bare.run(judged).await {
                Ok(response) => TxFlow::Done(response),
                Err(why) => refused(why),
            },
            Kind::Keyed(coupled) => match coupled.run(judged).await {
                Turn::Answer(response) => TxFlow::Done(response),
                Turn::Replay(reply) => TxFlow::Done(replay(&reply, terms.profile)),
                Turn::Refused(why) => TxFlow::Done(mismatched(before, why, terms.profile).await),
                Turn::Panicked(_) => refused(Refused::HandlerPanicked),
                Turn::Again(coupled) => TxFlow::Again(Self { kind: Kind::Keyed(coupled), terms, before }),
            },
        }
    }
}

/// While the body is read the transaction is open, and must not come to its own end meanwhile: SQLite ends one after a
/// third of a lease.
fn limits(config: &Config, policy: &Policy) -> Limits {
    let limits = Limits::of(config);
    Limits { time: limits.time.min(policy.lease / 6).min(policy.max_run / 2), ..limits }
}

/// What a response means, after the same table as without a transaction; what is stored commits with its effects where
/// `commits` wants that, and is kept alone otherwise.
async fn judge(response: Response, wanted: bool, commits: bool, terms: Terms) -> (Response, Meaning) {
    let meant = if wanted { meaning(&response, &terms.policy) } else { respond::Meaning::Release };
    match meant {
        respond::Meaning::Store => {
            let (response, reply) = written_down(response, terms.limits).await;
            (response, if commits { Meaning::Commit(reply) } else { Meaning::Keep(reply) })
        }
        respond::Meaning::Release => (response, Meaning::Nothing),
        respond::Meaning::Unknown => (response, Meaning::Unknown),
    }
}

/// Unless `commit_on` says otherwise, 2xx and 3xx commit.
#[must_use]
pub fn is_success(response: &Response) -> bool {
    response.status().as_u16() < 400
}
