//! A JSON body fingerprinted by meaning: member order and white space do not count, numbers keep their lexemes.

#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON text that fingerprints as its canonical form: for `fingerprint = CanonicalJson::new(&body)`.
///
/// Members are sorted, white space and string escapes are normalised, and a number stays as it was written, so
/// `9007199254740993` is not `9007199254740992` and `1` is not `1.0`. A member that stands twice in one object is
/// refused, for readers differ on which of the two counts; so is nesting deeper than 128. Both rules hold in what
/// counts: a member that is left out has to be JSON, and nothing else.
///
/// The time is linear in the length of the text, however deep it is nested; members are sorted besides.
///
/// ```
/// use idem_core::{Fingerprint, fingerprint::CanonicalJson};
///
/// let of = |body: &[u8]| Fingerprint::of_value(&CanonicalJson::new(body).ignoring("ts"));
/// assert_eq!(of(br#"{"a":1,"b":"x","ts":5}"#), of(br#"{ "b": "x", "a": 1, "ts": 6 }"#));
/// assert_ne!(of(br#"{"a":9007199254740993}"#), of(br#"{"a":9007199254740992}"#));
/// assert!(of(br#"{"a":1,"a":1}"#).is_err());
/// ```
pub struct CanonicalJson<'a> {
    text: &'a [u8],
    ignored: Vec<Cow<'a, str>>,
}

impl<'a> CanonicalJson<'a> {
    /// The JSON text `body`.
    #[must_use]
    pub fn new<B: AsRef<[u8]> + ?Sized>(body: &'a B) -> Self {
        Self { text: body.as_ref(), ignored: Vec::new() }
    }

    /// Leaves out the member `name` of the outermost object: a timestamp, a trace id.
    #[must_use]
    pub fn ignoring(mut self, name: impl Into<Cow<'a, str>>) -> Self {
        self.ignored.push(name.into());
        self
    }
}

impl fmt::Debug for CanonicalJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanonicalJson({} bytes)", self.text.len())
    }
}

impl Serialize for CanonicalJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_slice(self.text)
            .map_err(|error| S::Error::custom(format_args!("the body is not JSON: {error}")))?;
        let canonical = tree::canonical(raw.get(), &self.ignored).map_err(S::Error::custom)?;
        serializer.serialize_str(&canonical)
    }
}
