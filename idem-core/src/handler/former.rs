//! Records whose fingerprint was made by the version before: a request that is met by one is compared in its way.
//!
//! That version knew neither the path of a named operation nor header fields, and took the body into account where the
//! key is an expression. A record of this version is never compared so: its recipe is another one.

use std::sync::Arc;

use super::head::Says;
#[cfg(feature = "_tx")]
use crate::engine::Entered;
use crate::engine::{ASK_AGAIN, CallSite, Engine, Operation};
use crate::fingerprint::Fingerprint;
use crate::policy::Spec;
use crate::refused::Refused;
#[cfg(feature = "_tx")]
use crate::reply::Reply;

/// How the version before made the fingerprint of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Former {
    /// As this one does.
    Same,
    /// The version before made this fingerprint.
    Less(Fingerprint),
    /// From a body that does not count any more.
    Body,
}

impl Former {
    /// `base`: the fingerprint without the head.
    pub(super) fn new(base: Fingerprint, says: Says, spec: &Spec) -> Self {
        match says {
            Says::Payload => Self::Body,
            // Only where this version never writes what `base` is: else a request with more would match one with less.
            Says::Request | Says::Value if spec.name.is_some() || !spec.fingerprint_headers.is_empty() => {
                Self::Less(base)
            }
            Says::Request | Says::Value => Self::Same,
        }
    }

    /// The fingerprint of the record that `operation` mismatched, if the version before wrote it for this request.
    ///
    /// # Errors
    /// The store did not answer.
    pub(super) async fn of_record(
        self,
        engine: &Arc<Engine>,
        operation: &Operation,
    ) -> Result<Option<Fingerprint>, Refused> {
        if let Self::Same = self {
            return Ok(None);
        }
        let away = Refused::StoreUnavailable { retry_after: ASK_AGAIN };
        let looked = engine.store.call(CallSite::COMPARE, |store| store.look_up(operation.address));
        let record = looked.await.map_err(|_| away)?;
        let stored = record.map(|record| record.fingerprint);
        Ok(stored.filter(|stored| match self {
            Self::Same => false,
            Self::Less(fingerprint) => *stored == fingerprint,
            Self::Body => stored.is_of_a_body(),
        }))
    }
}

/// What a call in a transaction needs besides, in order to be answered from a record of the version before.
#[cfg(feature = "_tx")]
#[derive(Debug)]
pub(super) struct Before {
    engine: Arc<Engine>,
    operation: Operation,
    former: Former,
}

#[cfg(feature = "_tx")]
impl Before {
    /// `None` where the version before made the same fingerprint.
    pub(super) fn of(engine: &Arc<Engine>, operation: &Operation, former: Former) -> Option<Box<Self>> {
        if let Former::Same = former {
            return None;
        }
        Some(Box::new(Self { engine: Arc::clone(engine), operation: operation.clone(), former }))
    }

    /// The answer to a call that mismatched its record.
    ///
    /// # Errors
    /// It stays a mismatch, or the record is not complete.
    pub(super) async fn answer(mut self) -> Result<Reply, Refused> {
        let fingerprint = self.former.of_record(&self.engine, &self.operation).await?;
        self.operation.fingerprint = fingerprint.ok_or(Refused::KeyReused)?;
        match self.engine.enter(&self.operation).await? {
            Entered::Replay(reply) => Ok(reply),
            // The handler needs a transaction, and none is open. Its attempt is dropped, which frees the key.
            Entered::Run(_) | Entered::Unprotected => Err(Refused::KeyReused),
        }
    }
}
