//! One call of a plain function in a transaction. The macro emits
//! `operation(…).key(…).run(rules, errors, …, async move |tx| { … })`.

use std::sync::Arc;

use serde::Serialize;
use sqlx::{Database, Transaction};

use super::{Carries, TxSpec};
use crate::engine::{Bare, Engine, Known, Meaning, Operation, Rules, Turn, TxCall};
use crate::key::KeyPart;
use crate::outcome::ErrorClass;
use crate::plain::{AsIdem, Errors, PlainOperation};
use crate::policy::{OnError, Policy, Spec};
use crate::refused::Refused;

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
        match self.enter_tx(rules, errors).await {
            Entry::Answer(result) => result,
            Entry::Run(call) => call.run(conflict, wanted, commits, body).await,
        }
    }

    /// The same, where the body may run again.
    pub async fn run_again<Db: Database, R>(
        self,
        rules: TxSpec,
        errors: Errors<R>,
        conflict: fn(&R) -> bool,
        mut wanted: impl FnMut(&R) -> bool,
        mut commits: impl FnMut(&R) -> bool,
        mut body: impl AsyncFnMut(&mut Transaction<'_, Db>) -> R,
    ) -> R {
        let mut call = match self.enter_tx(rules, errors).await {
            Entry::Answer(result) => return result,
            Entry::Run(call) => call,
        };
        loop {
            call = match call.attempt(conflict, &mut wanted, &mut commits, &mut body).await {
                Flow::Done(result) => return result,
                Flow::Again(call) => call,
            };
        }
    }

    /// Finds out what is known without a transaction.
    async fn enter_tx<Db: Database, R>(mut self, rules: TxSpec, errors: Errors<R>) -> Entry<Db, R> {
        match self.0.resolve() {
            Ok(Some(operation)) => enter_tx(self.0.engine(), operation, rules.rules(), errors).await,
            Ok(None) => match self.0.engine().bare(rules.rules()) {
                Ok(bare) => {
                    let (policy, limit) = (self.0.policy(), self.0.engine().config.max_response_bytes);
                    Entry::Run(Call { kind: Kind::Bare(bare), policy, limit, errors })
                }
                Err(refused) => Entry::Answer((errors.refused)(refused)),
            },
            Err(refused) => Entry::Answer((errors.refused)(refused)),
        }
    }
}

/// Looks for an answer that this process knows, or makes ready to run.
pub(super) async fn enter_tx<Db: Database, R>(
    engine: &Arc<Engine>,
    operation: Operation,
    rules: Rules,
    errors: Errors<R>,
) -> Entry<Db, R> {
    let (policy, limit) = (operation.policy, engine.config.max_response_bytes);
    match engine.enter_tx(operation, rules).await {
        Ok(Known::Replay(reply)) => Entry::Answer(errors.replay(&reply)),
        Ok(Known::Nothing(call)) => Entry::Run(Call { kind: Kind::Keyed(call), policy, limit, errors }),
        Err(refused) => Entry::Answer((errors.refused)(refused)),
    }
}

/// What a call may do.
pub(super) enum Entry<Db: Database, R> {
    /// Give this answer.
    Answer(R),
    /// Run the body.
    Run(Call<Db, R>),
}

crate::debug::variants!([Db: Database, R] Entry<Db, R> { Answer, Run });

/// A call whose body may run.
#[must_use]
pub(super) struct Call<Db: Database, R> {
    kind: Kind<Db>,
    policy: Policy,
    /// The longest value that is kept, in bytes.
    limit: usize,
    errors: Errors<R>,
}

crate::debug::structure!([Db: Database, R] Call<Db, R>: policy);

enum Kind<Db: Database> {
    Keyed(Box<TxCall<Db>>),
    Bare(Bare<Db>),
}

crate::debug::variants!([Db: Database] Kind<Db> { Keyed, Bare });

/// What became of one run.
enum Flow<Db: Database, R> {
    /// The call ends with this result.
    Done(R),
    /// Nothing happened: run the body again.
    Again(Call<Db, R>),
}

impl<Db: Database, R> Call<Db, R> {
    /// Runs `body` in a transaction and ends it as its result means.
    ///
    /// # Cancel safety
    /// Dropped before the commit was sent, the database rolls everything back.
    pub(super) async fn run(
        self,
        conflict: fn(&R) -> bool,
        wanted: impl FnOnce(&R) -> bool,
        commits: impl FnOnce(&R) -> bool,
        body: impl AsyncFnOnce(&mut Transaction<'_, Db>) -> R,
    ) -> R {
        let refused = self.errors.refused;
        match self.attempt(conflict, wanted, commits, body).await {
            Flow::Done(result) => result,
            // Only where retries were asked for.
            Flow::Again(_) => refused(Refused::TransactionConflict { retry_after: crate::engine::ASK_AGAIN }),
        }
    }

    async fn attempt(
        self,
        conflict: fn(&R) -> bool,
        wanted: impl FnOnce(&R) -> bool,
        commits: impl FnOnce(&R) -> bool,
        body: impl AsyncFnOnce(&mut Transaction<'_, Db>) -> R,
    ) -> Flow<Db, R> {
        let Self { kind, policy, limit, errors } = self;
        let judged = async |tx: &mut Transaction<'_, Db>| {
            let result = body(tx).await;
            let meaning = if !is_doubtful(&errors, &policy, &result) && conflict(&result) {
                Meaning::Conflict
            } else {
                let (wanted, commits) = (wanted(&result), commits(&result));
                meaning(&errors, &policy, limit, &result, wanted, commits)
            };
            (result, meaning)
        };
        match kind {
            Kind::Bare(bare) => Flow::Done(bare.run(judged).await.unwrap_or_else(errors.refused)),
            Kind::Keyed(call) => match call.watch().told(call.run(judged).await) {
                Turn::Answer(result) => Flow::Done(result),
                Turn::Replay(reply) => Flow::Done(errors.replay(&reply)),
                Turn::Refused(refused) => Flow::Done((errors.refused)(refused)),
                Turn::Panicked(payload) => std::panic::resume_unwind(payload),
                Turn::Again(call) => Flow::Again(Self { kind: Kind::Keyed(call), policy, limit, errors }),
            },
        }
    }
}

/// Whether the error says that something may have happened elsewhere, which must not happen again.
fn is_doubtful<R>(errors: &Errors<R>, policy: &Policy, result: &R) -> bool {
    let said = ((errors.class)(result), policy.on_error);
    matches!(said, (ErrorClass::Ambiguous, _) | (ErrorClass::Default, OnError::Unknown))
}

/// What becomes of the record. `store_if` decides about what would be stored without a mark; a mark, or a doubt, it does not
/// take back.
fn meaning<R>(
    errors: &Errors<R>,
    policy: &Policy,
    limit: usize,
    result: &R,
    wanted: bool,
    commits: bool,
) -> Meaning {
    let keep = |reply| if commits { Meaning::Commit(reply) } else { Meaning::Keep(reply) };
    if (errors.is_value)(result) {
        return if wanted { keep(errors.value(result, limit)) } else { Meaning::Nothing };
    }
    match ((errors.class)(result), policy.on_error) {
        (ErrorClass::Default, OnError::Store) if !wanted => Meaning::Nothing,
        (ErrorClass::Final, _) | (ErrorClass::Default, OnError::Store) => keep(errors.error(result, limit)),
        (ErrorClass::Ambiguous, _) | (ErrorClass::Default, OnError::Unknown) => Meaning::Unknown,
        (ErrorClass::NoEffect, _) | (ErrorClass::Default, OnError::Release) => Meaning::Nothing,
    }
}

/// Unless `store_if` says otherwise, every result counts.
#[must_use]
pub fn always<R>(_: &R) -> bool {
    true
}
