//! One call of an axum handler in a transaction. The macro emits
//! `context.operation(…).key(…).run_in_transaction(rules, move |tx| boxed(async move { … }))`.

use std::future::Future;
use std::pin::Pin;

use sqlx::{Database, Transaction};

use super::former::Before;
use super::op::{AxumOperation, Resolved, no_layer};
use super::outlive::Outlive;
use super::respond::{self, decided, replay};
use super::response_body::Limits;
use super::written_down::written_down;
use super::{Response, problem};
use crate::engine::{ASK_AGAIN, Bare, Config, Known, Meaning, Turn, TxCall};
use crate::policy::Policy;
use crate::refused::Refused;
use crate::response::Profile;
use crate::tx::TxSpec;

/// A future of one type for all handlers.
type Boxed<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// Makes it.
pub fn boxed<'t, T>(future: impl Future<Output = T> + Send + 't) -> Boxed<'t, T> {
    Box::pin(future)
}

/// Makes a response of what a handler returned.
pub fn made<T>(respond: fn(T) -> Response, output: T) -> Response {
    respond(output)
}

/// What a handler said, and what its attribute says about that.
#[must_use]
pub struct Said {
    response: Response,
    conflict: bool,
    wanted: bool,
    /// `None`: as its status says.
    commits: Option<bool>,
}

crate::debug::structure!(Said: conflict);

impl Said {
    /// A response, and whether the database undid something for another's sake.
    pub fn new(response: Response, conflict: bool) -> Self {
        Self { response, conflict, wanted: true, commits: None }
    }

    /// Whether it is to be stored.
    pub fn store_if(self, wanted: impl FnOnce(&Response) -> bool) -> Self {
        let wanted = wanted(&self.response);
        Self { wanted, ..self }
    }

    /// Whether its effects are to be committed, where it is stored.
    pub fn commit_on(self, commits: impl FnOnce(&Response) -> bool) -> Self {
        let commits = Some(commits(&self.response));
        Self { commits, ..self }
    }
}

/// A handler of any type. `None`: it may not run again.
trait Handler<Db: Database>: Send {
    fn call<'t>(&'t mut self, tx: &'t mut Transaction<'_, Db>) -> Option<Boxed<'t, Said>>;
}

/// A handler that runs once.
struct Once<F>(Option<F>);

impl<Db: Database, F> Handler<Db> for Once<F>
where
    F: for<'t, 'c> FnOnce(&'t mut Transaction<'c, Db>) -> Boxed<'t, Said> + Send,
{
    fn call<'t>(&'t mut self, tx: &'t mut Transaction<'_, Db>) -> Option<Boxed<'t, Said>> {
        self.0.take().map(|handler| handler(tx))
    }
}

/// A handler that may run again.
struct Again<F>(F);

impl<Db: Database, F> Handler<Db> for Again<F>
where
    F: for<'t, 'c> FnMut(&'t mut Transaction<'c, Db>) -> Boxed<'t, Said> + Send,
{
    fn call<'t>(&'t mut self, tx: &'t mut Transaction<'_, Db>) -> Option<Boxed<'t, Said>> {
        Some(self.0(tx))
    }
}

/// A call whose handler may run.
struct HandlerTxCall<Db: Database> {
    kind: Kind<Db>,
    terms: Terms,
    before: Option<Box<Before>>,
}

enum Kind<Db: Database> {
    Keyed(Box<TxCall<Db>>),
    Bare(Bare<Db>),
}

#[derive(Debug, Clone, Copy)]
struct Terms {
    policy: Policy,
    profile: Profile,
    limits: Limits,
}

/// What became of one run.
enum TxFlow<Db: Database> {
    /// The call ends with this response.
    Done(Response),
    /// Nothing happened: run the handler again.
    Again(HandlerTxCall<Db>),
}

impl AxumOperation {
    /// Runs the handler in a transaction, or gives the answer that is known.
    ///
    /// # Cancel safety
    /// Dropped before the handler's transaction was begun, nothing happened. Dropped later, the handler goes on in a task of
    /// its own.
    ///
    /// # Panics
    /// Outside a tokio runtime, as [`tokio::spawn`] does.
    pub fn run_in_transaction<Db: Database>(
        self,
        rules: TxSpec,
        handler: impl for<'t, 'c> FnOnce(&'t mut Transaction<'c, Db>) -> Boxed<'t, Said> + Send + 'static,
    ) -> impl Future<Output = Response> + Send {
        self.drive_in_transaction(rules, Box::new(Once(Some(handler))))
    }

    /// The same, where the handler may run again.
    pub fn run_again_in_transactions<Db: Database>(
        self,
        rules: TxSpec,
        handler: impl for<'t, 'c> FnMut(&'t mut Transaction<'c, Db>) -> Boxed<'t, Said> + Send + 'static,
    ) -> impl Future<Output = Response> + Send {
        self.drive_in_transaction(rules, Box::new(Again(handler)))
    }

    async fn drive_in_transaction<Db: Database>(
        self,
        rules: TxSpec,
        handler: Box<dyn Handler<Db>>,
    ) -> Response {
        match self.enter_tx(rules).await {
            Ok(call) => Outlive::new(call.run(handler)).await,
            Err(answer) => answer,
        }
    }

    /// Finds out what is known without a transaction; `Err` is the answer.
    ///
    /// Cancel safe: nothing has begun.
    async fn enter_tx<Db: Database>(self, rules: TxSpec) -> Result<HandlerTxCall<Db>, Response> {
        let Some(policy) = self.policy() else { return Err(no_layer()) };
        let mut before = None;
        let (engine, operation) = match self.resolve().await {
            Resolved::Operation(engine, operation, former) => {
                before = Before::of(&engine, &operation, former);
                (engine, Some(operation))
            }
            Resolved::Unprotected(Some(engine)) => (engine, None),
            Resolved::Unprotected(None) => return Err(no_layer()),
            Resolved::Refused(answer) => return Err(answer),
        };
        let profile = engine.config.profile;
        let terms = Terms { policy, profile, limits: limits(&engine.config, &policy) };
        let known = match operation {
            Some(operation) => engine.enter_tx(operation, rules.rules()).await,
            None => match engine.bare(rules.rules()) {
                Ok(bare) => return Ok(HandlerTxCall { kind: Kind::Bare(bare), terms, before: None }),
                Err(refused) => Err(refused),
            },
        };
        match known {
            Ok(Known::Replay(reply)) => Err(replay(&reply, profile)),
            Ok(Known::Nothing(call)) => Ok(HandlerTxCall { kind: Kind::Keyed(call), terms, before }),
            Err(refused) => Err(mismatched(before, refused, profile).await),
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

impl<Db: Database> HandlerTxCall<Db> {
    /// Runs the handler in a transaction, as often as it may, and ends it as its response means.
    async fn run(mut self, mut handler: Box<dyn Handler<Db>>) -> Response {
        loop {
            self = match self.attempt(&mut *handler).await {
                TxFlow::Done(response) => return response,
                TxFlow::Again(call) => call,
            };
        }
    }

    async fn attempt(self, handler: &mut dyn Handler<Db>) -> TxFlow<Db> {
        let Self { kind, terms, before } = self;
        let judged = async |tx: &mut Transaction<'_, Db>| match handler.call(tx) {
            Some(answered) => judge(answered.await, terms).await,
            // The rules say as well that it runs once.
            None => {
                let refused = Refused::TransactionConflict { retry_after: ASK_AGAIN };
                (problem(&refused, terms.profile), Meaning::Nothing)
            }
        };
        let refused = |refused| TxFlow::Done(problem(&refused, terms.profile));
        match kind {
            Kind::Bare(bare) => match bare.run(judged).await {
                Ok(response) => TxFlow::Done(response),
                Err(why) => refused(why),
            },
            Kind::Keyed(call) => match call.watch().told(call.run(judged).await) {
                Turn::Answer(response) => TxFlow::Done(response),
                Turn::Replay(reply) => TxFlow::Done(replay(&reply, terms.profile)),
                Turn::Refused(why) => TxFlow::Done(mismatched(before, why, terms.profile).await),
                Turn::Panicked(_) => refused(Refused::HandlerPanicked),
                Turn::Again(call) => TxFlow::Again(Self { kind: Kind::Keyed(call), terms, before }),
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
/// `commit_on` wants that, or else where it is 2xx or 3xx, and is kept alone otherwise.
async fn judge(said: Said, terms: Terms) -> (Response, Meaning) {
    let Said { response, conflict, wanted, commits } = said;
    let meant = decided(&response, &terms.policy, wanted);
    // What may have happened elsewhere must not happen again.
    if conflict && !matches!(meant, respond::Meaning::Unknown) {
        return (response, Meaning::Conflict);
    }
    match meant {
        respond::Meaning::Store => {
            let commits = commits.unwrap_or_else(|| response.status().as_u16() < 400);
            let (response, reply) = written_down(response, terms.limits).await;
            (response, if commits { Meaning::Commit(reply) } else { Meaning::Keep(reply) })
        }
        respond::Meaning::Release => (response, Meaning::Nothing),
        respond::Meaning::Unknown => (response, Meaning::Unknown),
    }
}
