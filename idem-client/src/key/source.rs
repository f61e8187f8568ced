//! The choice of a key for one request.

use http::Method;
use idem_core::IdempotencyKey;
use idem_core::current::Underivable;
use idem_core::key::OperationParts;
use reqwest::Url;
use uuid::Uuid;

use crate::BuildError;

/// Where the key of a request comes from.
#[derive(Debug, Clone, Default)]
pub(crate) enum KeySource {
    /// For methods that may have an effect: inside an idempotent operation derived from it, elsewhere minted. None for
    /// GET, HEAD, OPTIONS and TRACE.
    #[default]
    ByMethod,
    /// Minted, also inside a running operation.
    Fresh,
    /// Given, or derived from the operation's name.
    Given(IdempotencyKey),
    /// None, with any method.
    Absent,
}

impl KeySource {
    pub(crate) fn key(
        self,
        method: &Method,
        url: &Url,
        name: Option<OperationParts>,
    ) -> Result<Option<IdempotencyKey>, BuildError> {
        match self {
            Self::Given(key) => Ok(Some(key)),
            Self::Fresh => minted().map(Some),
            Self::ByMethod if !method.is_safe() => by_operation(method, url, name).map(Some),
            Self::ByMethod | Self::Absent => Ok(None),
        }
    }
}

fn by_operation(
    method: &Method,
    url: &Url,
    name: Option<OperationParts>,
) -> Result<IdempotencyKey, BuildError> {
    let Some(current) = idem_core::current() else { return minted() };
    let name = match name {
        Some(name) => name,
        None => OperationParts::of(&(method.as_str(), place(url)))?,
    };
    current.derive(&name).map_err(|why| match why {
        Underivable::Name(why) => why.into(),
        _ => BuildError::NameTaken,
    })
}

/// The URL without the parts that may change from one run to the next, and without secrets.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // An http URL has a host, so it can be without these.
    url.set_username("").and_then(|()| url.set_password(None)).ok();
    url.into()
}

fn minted() -> Result<IdempotencyKey, BuildError> {
    Ok(IdempotencyKey::new(Uuid::now_v7().to_string())?)
}
