//! Who the keys of a request belong to.

use std::fmt;
use std::sync::Arc;

#[cfg(any(feature = "tower", test))]
use http::HeaderValue;
use http::request::Parts;

use crate::key::{KeyBuf, KeyPart};

/// Who the keys belong to: two callers may use the same key without meeting.
///
/// There is no default; [`IdemBuilder::build`](crate::IdemBuilder::build) compiles only once a scope is set. Take something
/// stable that your service has authenticated, an account or tenant id. Never the credential itself: a refreshed token
/// would make the same caller a new one, and a retry would run again.
///
/// `scope = …` on a handler overrides it for that handler.
#[derive(Clone)]
pub struct Scope(ScopeSource);

#[derive(Clone)]
enum ScopeSource {
    Public,
    Header(&'static str),
    #[cfg_attr(not(feature = "tower"), allow(dead_code, reason = "only an HTTP request has extensions"))]
    Custom {
        find: Find,
        missing: &'static str,
    },
}

type Find = Arc<dyn Fn(&Parts) -> Option<Vec<u8>> + Send + Sync>;

impl Scope {
    /// The value of a request header that your gateway or authentication sets and callers cannot forge. A request
    /// without it, or with several, is refused with `scope-missing`.
    ///
    /// `name` in any case, as in `Scope::header("X-Account")`.
    ///
    /// # Panics
    /// If `name` is not a header name: empty, or with a character that RFC 9110 (§5.6.2) does not allow. In a constant,
    /// as in `const ACCOUNT: Scope = Scope::header("x-account");`, that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn header(name: &'static str) -> Self {
        assert!(
            is_header_name(name),
            "`Scope::header` needs the name of a header, such as \"x-account\": letters, digits and marks, no spaces"
        );
        Self(ScopeSource::Header(name))
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
        Self(ScopeSource::Custom { find: Arc::new(find), missing: "no layer has authenticated it" })
    }

    /// All callers share one set of keys: for services with one caller. Every caller who knows a key sees its reply.
    #[must_use]
    pub const fn public() -> Self {
        Self(ScopeSource::Public)
    }

    /// The scope of a request.
    #[cfg(any(feature = "tower", test))]
    pub(crate) fn of(&self, parts: &Parts) -> Result<Vec<u8>, &'static str> {
        match &self.0 {
            ScopeSource::Public => Ok(Vec::new()),
            ScopeSource::Header(name) => {
                let mut values = parts.headers.get_all(*name).iter();
                match (values.next().map(HeaderValue::as_bytes), values.next()) {
                    (Some(value), None) if !value.is_empty() => Ok(value.to_vec()),
                    (Some(_), Some(_)) => Err("the header that names the caller stands twice"),
                    _ => Err("the header that names the caller is missing"),
                }
            }
            ScopeSource::Custom { find, missing } => {
                find(parts).filter(|scope| !scope.is_empty()).ok_or(*missing)
            }
        }
    }
}

/// A token of RFC 9110 (§5.6.2).
const fn is_header_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let allowed = match bytes[at] {
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`'
            | b'|' | b'~' => true,
            byte => byte.is_ascii_alphanumeric(),
        };
        if !allowed {
            return false;
        }
        at += 1;
    }
    at > 0
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ScopeSource::Public => f.write_str("Scope::public()"),
            ScopeSource::Header(name) => write!(f, "Scope::header({name:?})"),
            ScopeSource::Custom { .. } => f.write_str("Scope::extension(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a constant, a wrong name is an error of the compiler.
    const ACCOUNT: Scope = Scope::header("X-Account");

    fn parts(lines: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder();
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_name_of_the_header_is_found_in_any_case() {
        for scope in [ACCOUNT, Scope::header("x-account"), Scope::header("X-ACCOUNT")] {
            assert_eq!(scope.of(&parts(&[("x-account", "ada")])), Ok(b"ada".to_vec()), "{scope:?}");
            assert!(scope.of(&parts(&[("x-other", "ada")])).is_err());
            assert!(scope.of(&parts(&[("x-account", "ada"), ("X-Account", "bob")])).is_err());
        }
    }

    #[test]
    fn what_is_taken_for_a_name_is_one_for_the_parser_of_headers_too() {
        for byte in 0..=u8::MAX {
            let Ok(name) = String::from_utf8(vec![b'x', byte]) else { continue };
            assert_eq!(
                is_header_name(&name),
                http::HeaderName::from_bytes(name.as_bytes()).is_ok(),
                "{name:?}"
            );
        }
        assert!(!is_header_name("") && !is_header_name("x account") && !is_header_name("x-ü"));
    }
}
