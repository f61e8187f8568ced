//! The choice of a key for one request.

use http::Method;
use idem_core::IdempotencyKey;
use uuid::Uuid;

use crate::BuildError;

/// Where the key of a request comes from.
#[derive(Debug, Clone, Default)]
pub(crate) enum KeySource {
    /// Minted for methods that may have an effect; none for GET, HEAD, OPTIONS and TRACE.
    #[default]
    ByMethod,
    /// Given, or derived from the operation's name.
    Given(IdempotencyKey),
    /// None, whatever the method.
    Absent,
}

impl KeySource {
    pub(crate) fn key(self, method: &Method) -> Result<Option<IdempotencyKey>, BuildError> {
        match self {
            Self::Given(key) => Ok(Some(key)),
            Self::ByMethod if !method.is_safe() => Ok(Some(IdempotencyKey::new(Uuid::now_v7().to_string())?)),
            Self::ByMethod | Self::Absent => Ok(None),
        }
    }
}
