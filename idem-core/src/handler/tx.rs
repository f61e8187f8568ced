//! One call of an axum handler in a transaction. The macro emits
//! `context.operation(…).key(…).run_in_transaction(rules, move |tx| boxed(async move { … }))`.

use std::future::Future;
use std::pin::Pin;

use sqlx::{Database, Transaction};

use super::Response;
use super::form::HttpForm;
use super::former::Before;
use super::op::{AxumOperation, no_layer};
use super::outlive::Outlive;
use super::response_body::Limits;
use crate::engine::Config;
use crate::form::{Form, Returned, TxFunction, TxRun};
use crate::policy::Policy;
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
pub struct Said(Returned<Response>);

crate::debug::structure!(Said);

impl Said {
    /// A response, and whether the database undid something for another's sake. Its effects are committed where it is 2xx
    /// or 3xx.
    pub fn new(response: Response, conflict: bool) -> Self {
        let commits = response.status().as_u16() < 400;
        Self(Returned { output: response, conflict, wanted: true, commits })
    }

    /// Whether it is to be stored.
    pub fn store_if(mut self, wanted: impl FnOnce(&Response) -> bool) -> Self {
        self.0.wanted = wanted(&self.0.output);
        self
    }

    /// Whether its effects are to be committed, where it is stored.
    pub fn commit_on(mut self, commits: impl FnOnce(&Response) -> bool) -> Self {
        self.0.commits = commits(&self.0.output);
        self
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

impl<Db: Database> TxFunction<Db, Response> for Box<dyn Handler<Db>> {
    async fn run(&mut self, tx: &mut Transaction<'_, Db>) -> Option<Returned<Response>> {
        Some(self.call(tx)?.await.0)
    }
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
    async fn enter_tx<Db: Database>(mut self, rules: TxSpec) -> Result<TxRun<HttpForm, Db>, Response> {
        let form = HttpForm::of(self.engine().map(|engine| &**engine));
        let Some(engine) = self.engine().cloned() else { return Err(form.not_run(no_layer())) };
        let policy = self.spec().over(&engine.config.policy);
        let limits = limits(&engine.config, &policy);
        match self.resolve().await {
            Ok(Some((operation, former))) => {
                let former = Before::of(&engine, &operation, former);
                TxRun::enter(form.in_a_transaction(limits, former), &engine, operation, rules.rules()).await
            }
            Ok(None) => {
                TxRun::bare(form.in_a_transaction(limits, None), &engine, policy.on_error, rules.rules())
            }
            Err(refused) => Err(form.not_run(refused)),
        }
    }
}

/// While the body is read the transaction is open, and must not come to its own end meanwhile: SQLite ends one after a
/// third of a lease.
fn limits(config: &Config, policy: &Policy) -> Limits {
    let limits = Limits::of(config);
    Limits { time: limits.time.min(policy.lease / 6).min(policy.max_run / 2), ..limits }
}
