//! Setting up a client.

use std::sync::{Arc, Mutex};

use fastrand::Rng;
use http::HeaderMap;

use super::handle::Client;
use super::prepare::{AttemptContext, BoxError, Prepare, prepare};
use super::shared::{Defaults, Shared};
use crate::BuildError;
use crate::engine::{DelaySource, Policy};
use crate::key::KeyHeader;

/// 64 MiB.
const MAX_REPLY: usize = 64 * 1024 * 1024;

/// Sets up a [`Client`].
#[derive(Default)]
#[must_use = "it sets nothing up before `build`"]
pub struct ClientBuilder {
    http: Option<reqwest::ClientBuilder>,
    policy: Policy,
    delays: Option<Arc<dyn DelaySource>>,
    key_header: KeyHeader,
    seed: Option<u64>,
    prepare: Option<Prepare>,
    max_reply: Option<usize>,
}

impl ClientBuilder {
    /// The limits of every operation that sets none of its own.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Another source of waits between failed attempts than full jitter.
    pub fn delays(mut self, source: impl DelaySource + 'static) -> Self {
        self.delays = Some(Arc::new(source));
        self
    }

    /// Another header, or form, for the key. The default is `Idempotency-Key`, quoted.
    pub fn key_header(mut self, header: KeyHeader) -> Self {
        self.key_header = header;
        self
    }

    /// Makes the waits repeatable, for tests: the n-th operation of this client draws the same waits every time.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The largest body of a reply that is taken in, in bytes; 64 MiB by default. A larger one ends the operation as
    /// unknown.
    pub fn max_reply_bytes(mut self, most: usize) -> Self {
        self.max_reply = Some(most);
        self
    }

    /// Runs before every attempt and gives headers to put on top of the request's own: a fresh token, a signature.
    /// It may fail, which ends the operation; what it takes counts into the attempt's time. With a hook, a 401 is
    /// tried once more with the same key.
    ///
    /// Key and body are frozen: a hook that sets the key's header, or one that says how to read the body
    /// (`Content-Type`, `Content-Length`, `Content-Encoding`, `Transfer-Encoding`), gives the attempt up.
    ///
    /// ```
    /// use http::{HeaderMap, header::AUTHORIZATION};
    /// use idem_client::Client;
    ///
    /// # async fn token() -> Result<String, std::io::Error> { Ok("t".to_owned()) }
    /// # fn main() -> Result<(), idem_client::BuildError> {
    /// let client = Client::builder()
    ///     .prepare_attempt(|_attempt| async {
    ///         let mut headers = HeaderMap::new();
    ///         headers.insert(AUTHORIZATION, format!("Bearer {}", token().await?).parse()?);
    ///         Ok(headers)
    ///     })
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn prepare_attempt<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(AttemptContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HeaderMap, BoxError>> + Send + 'static,
    {
        self.prepare = Some(prepare(hook));
        self
    }

    /// Builds on this `reqwest` client: its TLS, proxies, DNS and connection settings are kept. Redirects and
    /// reqwest's own retries are switched off. Set no key among its default headers: a constant key makes all
    /// operations one.
    ///
    /// Its `connect_timeout` should be below the attempt timeout: only a connection that failed by itself proves
    /// that nothing was delivered.
    pub fn reqwest(mut self, http: reqwest::ClientBuilder) -> Self {
        self.http = Some(http);
        self
    }

    /// Finishes the client.
    ///
    /// # Errors
    /// [`BuildError::Http`] if reqwest cannot be set up.
    pub fn build(self) -> Result<Client, BuildError> {
        let http = self.http.unwrap_or_else(|| {
            let attempt = self.policy.attempt_limit();
            reqwest::Client::builder()
                .user_agent(concat!("idem-client/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(attempt.saturating_sub(attempt / 4))
        });
        let http = http
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(BuildError::Http)?;
        let rng = Mutex::new(self.seed.map_or_else(Rng::new, Rng::with_seed));
        let defaults = Defaults {
            policy: self.policy,
            delays: self.delays,
            key_header: self.key_header,
            prepare: self.prepare,
        };
        Ok(Client::new(Shared { http, defaults, max_reply: self.max_reply.unwrap_or(MAX_REPLY), rng }))
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("policy", &self.policy)
            .field("key_header", &self.key_header)
            .finish_non_exhaustive()
    }
}
