//! The header line that carries the key.

use http::{HeaderName, HeaderValue};
use idem_core::IdempotencyKey;

use crate::BuildError;

/// The name that all but a few APIs use.
pub(crate) const STANDARD: HeaderName = HeaderName::from_static("idempotency-key");

/// Which header carries the key, and in which form.
///
/// ```
/// use idem_client::Client;
/// use idem_client::key::{KeyForm, KeyHeader};
///
/// # fn main() -> Result<(), idem_client::BuildError> {
/// let client = Client::builder().key_header(KeyHeader::named("paypal-request-id", KeyForm::Bare)?).build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHeader {
    name: HeaderName,
    form: KeyForm,
}

/// How the key is written in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// A quoted structured-field string, as the IETF draft (-07, §2.1) wants it.
    Structured,
    /// As it is: what Stripe, Adyen and most live servers read. A key that holds a comma needs the quoted form: a
    /// gateway joins repeated header lines with commas, so a server may take the comma for one of these.
    Bare,
}

impl Default for KeyHeader {
    /// `Idempotency-Key`, quoted.
    fn default() -> Self {
        Self { name: STANDARD, form: KeyForm::Structured }
    }
}

impl KeyHeader {
    /// `Idempotency-Key`, in the given form.
    #[must_use]
    pub fn standard(form: KeyForm) -> Self {
        Self { name: STANDARD, form }
    }

    /// Another header.
    ///
    /// # Errors
    /// [`BuildError::HeaderName`] if the name cannot be one.
    pub fn named(name: &str, form: KeyForm) -> Result<Self, BuildError> {
        Ok(Self { name: name.parse().map_err(|_| BuildError::HeaderName)?, form })
    }

    /// The header's name.
    #[must_use]
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The header's value for `key`, marked sensitive so that no `Debug` shows it.
    pub(crate) fn value(&self, key: &IdempotencyKey) -> Result<HeaderValue, BuildError> {
        let value = match self.form {
            KeyForm::Structured => HeaderValue::try_from(key.to_structured()),
            KeyForm::Bare => HeaderValue::try_from(key.as_str()),
        };
        let mut value = value.map_err(|_| BuildError::HeaderValue(self.name.clone()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether `name` would carry a key.
    pub(crate) fn is_carried_by(&self, name: &HeaderName) -> bool {
        *name == self.name || *name == STANDARD
    }
}
