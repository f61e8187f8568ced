//! The same from plain code, without a macro.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use sqlx::Transaction;

use super::plain::{Once, always};
use super::{Isolation, TxStore};
use crate::engine::{Engine, Operation, TxOptions};
use crate::fingerprint::{Fingerprint, InvalidFingerprint};
use crate::form::{TxRun, checked_key};
use crate::idem::Idem;
use crate::key::{KeyBuf, KeyPart};
use crate::plain::{Errors, PlainForm, Refusable, Stored};
use crate::refused::Refused;

/// Which operation a transaction is: its name, its key, and who the key belongs to.
///
/// ```
/// use idem_core::tx::OperationKey;
///
/// let key = OperationKey::new("transfer", "order-17").scope("acme").fingerprint(&("alice", "bob", 1200));
/// # drop(key);
/// ```
#[derive(Clone)]
#[must_use]
pub struct OperationKey {
    name: Cow<'static, str>,
    key: Option<Vec<u8>>,
    scope: Vec<u8>,
    fingerprint: Result<Fingerprint, InvalidFingerprint>,
    ttl: Option<Duration>,
    wait: Option<Duration>,
    isolation: Option<Isolation>,
}

crate::debug::structure!(OperationKey: name, ttl, wait, isolation);

impl OperationKey {
    /// The operation `name` under `key`. Records are found by the name: keep it when the code moves.
    pub fn new<K: KeyPart + ?Sized>(name: impl Into<Cow<'static, str>>, key: &K) -> Self {
        Self {
            name: name.into(),
            key: KeyBuf::of(key),
            scope: Vec::new(),
            fingerprint: Ok(Fingerprint::none()),
            ttl: None,
            wait: None,
            isolation: None,
        }
    }

    /// Who the key belongs to. Without it, all callers of the operation share one set of keys.
    pub fn scope<K: KeyPart + ?Sized>(mut self, scope: &K) -> Self {
        self.scope = KeyBuf::of(scope).unwrap_or_default();
        self
    }

    /// What the call says: the same key with another fingerprint is refused. Without it, every call with the key is the
    /// same.
    pub fn fingerprint<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.fingerprint = Fingerprint::of_value(value);
        self
    }

    /// How long the result lives, instead of the [builder's](crate::IdemBuilder::ttl).
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// How long to wait for another call that is at it, instead of the [builder's](crate::IdemBuilder::wait).
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// The isolation level. Default: the connection's.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    fn operation(self, engine: &Engine) -> Result<Operation, Refused> {
        let key = checked_key(self.key, false)?.ok_or(Refused::KeyMissing)?;
        let mut policy = engine.config.policy;
        if let Some(ttl) = self.ttl {
            policy.set_ttl(ttl);
        }
        policy.wait = self.wait.unwrap_or(policy.wait);
        Ok(engine.operation(&self.scope, self.name, key, self.fingerprint?, policy))
    }
}

impl<S: TxStore> Idem<S> {
    /// Runs `body` in a transaction of the store's database, once for each key: its effects and the record of its result
    /// commit together, or not at all.
    ///
    /// `Ok` commits, and every further call gets the same value. `Err` rolls back and keeps nothing, so that the next
    /// call may try again; one that is marked [`Ambiguous`](crate::Ambiguous) leaves the outcome unknown, and one that is
    /// marked [`Final`](crate::Final) uses the key up: further calls get `result-unavailable`. The attribute also stores such
    /// an error, and asks errors of your own by [`Classify`](crate::Classify).
    ///
    /// # Errors
    /// `body`'s own, or a [`Refused`] as one: [`InProgress`](Refused::InProgress) while another process is at it,
    /// [`KeyReused`](Refused::KeyReused), [`TransactionConflict`](Refused::TransactionConflict) if the database undid
    /// the transaction for another's sake (nothing happened; call again),
    /// [`TransactionAborted`](Refused::TransactionAborted) if `body` returned `Ok` although a statement had failed
    /// (PostgreSQL), or took too long, and
    /// what every idempotent call may be refused with.
    ///
    /// # Panics
    /// Where `body` panics; everything is then rolled back.
    ///
    /// # Cancel safety
    /// Dropped before the commit was sent, everything is rolled back. Dropped while it is under way, it is committed or
    /// not, and the next call is told which.
    pub async fn transaction<T: Stored, E: Refusable>(
        &self,
        key: OperationKey,
        body: impl AsyncFnOnce(&mut Transaction<'_, S::Database>) -> Result<T, E>,
    ) -> Result<T, E> {
        let form = PlainForm::new(Errors::unclassified(), self.engine.config.max_response_bytes);
        let rules = TxOptions { isolation: key.isolation, retries: 0 };
        match TxRun::enter(form, &self.engine, key.operation(&self.engine)?, rules).await {
            Ok(call) => call.run(Once::new(|_| false, always, Result::is_ok, body)).await,
            Err(answer) => answer,
        }
    }
}
