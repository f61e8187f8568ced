//! Who the keys of a request belong to.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::key::{KeyBuf, KeyPart};

/// Who the keys belong to: two callers may use the same key without meeting.
///
/// There is no default; [`Builder::build`](crate::Builder::build) exists only once a scope is set. Take something
/// stable that your service has authenticated, an account or tenant id. Never the credential itself: a refreshed token
/// would make the same caller a new one, and a retry would run again.
///
/// `scope = …` on a handler overrides it for that handler.
#[derive(Clone)]
pub struct Scope(Source);

#[derive(Clone)]
enum Source {
    Public,
    Header(HeaderName),
    Custom { find: Find, missing: &'static str },
}

type Find = Arc<dyn Fn(&Parts) -> Option<Vec<u8>> + Send + Sync>;

impl Scope {
    /// The value of a request header that your gateway or authentication sets and callers cannot forge. A request
    /// without it, or with several, is refused with `scope-missing`.
    ///
    /// # Panics
    /// In a constant context or at start-up, if `name` is not a lower-case header name.
    #[must_use]
    pub fn header(name: &'static str) -> Self {
        Self(Source::Header(HeaderName::from_static(name)))
    }

    /// A request extension that an authentication layer sets. A request without it is refused with `scope-missing`.
    ///
    /// ```
    /// use idem_core::Scope;
    ///
    /// #[derive(Clone)]
    /// struct User { tenant: u64 }
    ///
    /// let scope = Scope::extension(|user: &User| user.tenant);
    /// # drop(scope);
    /// ```
    pub fn extension<T, K>(part: impl Fn(&T) -> K + Send + Sync + 'static) -> Self
    where
        T: Send + Sync + 'static,
        K: KeyPart,
    {
        let find =
            move |parts: &Parts| parts.extensions.get::<T>().and_then(|value| KeyBuf::of(&part(value)));
        Self(Source::Custom { find: Arc::new(find), missing: "no layer has authenticated it" })
    }

    /// Everybody shares one set of keys: for services with one caller. Anybody who knows a key sees its reply.
    #[must_use]
    pub const fn public() -> Self {
        Self(Source::Public)
    }

    /// The scope of a request.
    pub(crate) fn of(&self, parts: &Parts) -> Result<Vec<u8>, &'static str> {
        match &self.0 {
            Source::Public => Ok(Vec::new()),
            Source::Header(name) => {
                let mut values = parts.headers.get_all(name).iter();
                match (values.next().map(HeaderValue::as_bytes), values.next()) {
                    (Some(value), None) if !value.is_empty() => Ok(value.to_vec()),
                    (Some(_), Some(_)) => Err("the header that names the caller stands twice"),
                    _ => Err("the header that names the caller is missing"),
                }
            }
            Source::Custom { find, missing } => find(parts).filter(|scope| !scope.is_empty()).ok_or(*missing),
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Public => f.write_str("Scope::public()"),
            Source::Header(name) => write!(f, "Scope::header({name:?})"),
            Source::Custom { .. } => f.write_str("Scope::extension(…)"),
        }
    }
}
