//! One call of a plain function in a transaction. The macro emits
//! `operation(…).key(…).run(rules, errors, …, async move |tx| { … })`.

use serde::Serialize;
use sqlx::{Database, Transaction};

use super::{Carries, TxSpec};
use crate::form::{Form, Returned, TxFunction, TxRun};
use crate::key::KeyPart;
use crate::plain::{AsIdem, Errors, PlainForm, PlainOperation};
use crate::policy::Spec;

/// A call that is about to be made.
#[must_use]
pub struct TxOperation(PlainOperation);

crate::debug::structure!(TxOperation);

/// Starts a call; the store of `idem` must be in the database.
// `impl Trait`, so that an error about it points at what was given.
pub fn operation<Db: Database>(idem: &(impl AsIdem + Carries<Db> + ?Sized), spec: Spec) -> TxOperation {
    TxOperation(crate::plain::operation(idem, spec))
}

impl TxOperation {
    /// The key.
    pub fn key<K: KeyPart + ?Sized>(self, key: &K) -> Self {
        Self(self.0.key(key))
    }

    /// Who the key belongs to.
    pub fn scope<K: KeyPart + ?Sized>(self, scope: &K) -> Self {
        Self(self.0.scope(scope))
    }

    /// What the call says.
    pub fn fingerprint<T: Serialize + ?Sized>(self, value: &T) -> Self {
        Self(self.0.fingerprint(value))
    }

    /// Runs `body` in a transaction and ends it as its result means, or gives the result that is known.
    ///
    /// # Cancel safety
    /// Dropped before the commit was sent, the database rolls everything back.
    pub async fn run<Db: Database, R>(
        self,
        rules: TxSpec,
        errors: Errors<R>,
        conflict: fn(&R) -> bool,
        wanted: impl FnOnce(&R) -> bool,
        commits: impl FnOnce(&R) -> bool,
        body: impl AsyncFnOnce(&mut Transaction<'_, Db>) -> R,
    ) -> R {
        match self.enter(rules, errors).await {
            Ok(call) => call.run(Once::new(conflict, wanted, commits, body)).await,
            Err(answer) => answer,
        }
    }

    /// The same, where the body may run again.
    pub async fn run_again<Db: Database, R>(
        self,
        rules: TxSpec,
        errors: Errors<R>,
        conflict: fn(&R) -> bool,
        wanted: impl FnMut(&R) -> bool,
        commits: impl FnMut(&R) -> bool,
        body: impl AsyncFnMut(&mut Transaction<'_, Db>) -> R,
    ) -> R {
        match self.enter(rules, errors).await {
            Ok(call) => call.run(Repeated { body, conflict, wanted, commits }).await,
            Err(answer) => answer,
        }
    }

    /// Finds out what is known without a transaction; `Err` is the answer.
    async fn enter<Db: Database, R>(
        mut self,
        rules: TxSpec,
        errors: Errors<R>,
    ) -> Result<TxRun<PlainForm<R>, Db>, R> {
        let form = PlainForm::new(errors, self.0.max_response_bytes());
        match self.0.resolve() {
            Ok(Some(operation)) => TxRun::enter(form, self.0.engine(), operation, rules.rules()).await,
            Ok(None) => TxRun::bare(form, self.0.engine(), self.0.on_error(), rules.rules()),
            Err(refused) => Err(form.not_run(refused)),
        }
    }
}

/// A body that runs once, with the two predicates of its attribute.
pub(super) struct Once<R, W, C, B> {
    conflict: fn(&R) -> bool,
    /// Taken by the run.
    rest: Option<(B, W, C)>,
}

impl<R, W, C, B> Once<R, W, C, B> {
    pub(super) const fn new(conflict: fn(&R) -> bool, wanted: W, commits: C, body: B) -> Self {
        Self { conflict, rest: Some((body, wanted, commits)) }
    }
}

impl<Db: Database, R, W, C, B> TxFunction<Db, R> for Once<R, W, C, B>
where
    W: FnOnce(&R) -> bool,
    C: FnOnce(&R) -> bool,
    B: AsyncFnOnce(&mut Transaction<'_, Db>) -> R,
{
    async fn run(&mut self, tx: &mut Transaction<'_, Db>) -> Option<Returned<R>> {
        let (body, wanted, commits) = self.rest.take()?;
        Some(said(body(tx).await, self.conflict, wanted, commits))
    }
}

/// A body that may run again.
struct Repeated<R, W, C, B> {
    body: B,
    conflict: fn(&R) -> bool,
    wanted: W,
    commits: C,
}

impl<Db: Database, R, W, C, B> TxFunction<Db, R> for Repeated<R, W, C, B>
where
    W: FnMut(&R) -> bool,
    C: FnMut(&R) -> bool,
    B: AsyncFnMut(&mut Transaction<'_, Db>) -> R,
{
    async fn run(&mut self, tx: &mut Transaction<'_, Db>) -> Option<Returned<R>> {
        let output = (self.body)(tx).await;
        Some(said(output, self.conflict, &mut self.wanted, &mut self.commits))
    }
}

/// After a conflict the two predicates have nothing to say.
fn said<R>(
    output: R,
    conflict: fn(&R) -> bool,
    wanted: impl FnOnce(&R) -> bool,
    commits: impl FnOnce(&R) -> bool,
) -> Returned<R> {
    let conflict = conflict(&output);
    let (wanted, commits) = if conflict { (true, true) } else { (wanted(&output), commits(&output)) };
    Returned { output, conflict, wanted, commits }
}

/// Unless `store_if` says otherwise, every result counts.
#[must_use]
pub fn always<R>(_: &R) -> bool {
    true
}
