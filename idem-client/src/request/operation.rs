//! An operation that is ready to be sent.

use std::sync::Arc;

use idem_core::IdempotencyKey;

use super::Frozen;
use crate::client::Client;
use crate::outcome::Prior;
use crate::{Error, Outcome};

/// One operation: one key and one frozen request. Nothing has been sent yet.
#[derive(Debug)]
pub struct Operation {
    client: Client,
    request: Arc<Frozen>,
}

impl Operation {
    pub(super) fn new(client: Client, request: Frozen) -> Self {
        Self { client, request: Arc::new(request) }
    }

    /// The key that every attempt will carry.
    #[must_use]
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.request.key.as_ref()
    }

    /// The body that every attempt will carry, byte for byte.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.request.body
    }

    /// Sends the operation, as often as its policy allows and its key makes safe, and says how it ended.
    ///
    /// # Errors
    /// [`Error`], only if the client itself refuses to send; what the network and the server do is an [`Outcome`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with time and I/O enabled.
    ///
    /// # Cancel safety
    /// Dropping the future stops the client, not the server: the operation may have happened. Only its key can tell,
    /// so keep a copy of [`key`](Self::key) where that matters.
    pub async fn send(self) -> Result<Outcome, Error> {
        Ok(self.client.run(self.request, Prior::none()).await)
    }
}
