//! The settings of an [`Idem`](crate::Idem), after its builder has checked them.

use std::time::Duration;

use http::HeaderName;

use crate::policy::Policy;
use crate::response::Profile;
use crate::verify::Hooks;

pub(crate) struct Config {
    pub(crate) namespace: Box<str>,
    pub(crate) policy: Policy,
    pub(crate) profile: Profile,
    pub(crate) key_header: HeaderName,
    pub(crate) max_request_bytes: u64,
    pub(crate) max_response_bytes: usize,
    /// How long a response's body is waited for.
    pub(crate) max_response_time: Duration,
    pub(crate) fail_open: bool,
    pub(crate) cache_bytes: u64,
    pub(crate) cache_max_age: Duration,
    /// How long one question to the store may take before it counts as undecided.
    pub(crate) store_timeout: Duration,
    /// How long an answer is held back while the store does not take it.
    pub(crate) completion_timeout: Duration,
    pub(crate) sweep_interval: Duration,
    pub(crate) hooks: Hooks,
    /// How long a record must have been unknown before its hook is asked; `None` for one lease.
    pub(crate) verify_after: Option<Duration>,
    pub(crate) verify_timeout: Duration,
    /// How long a hook that could not tell is left alone, the first time.
    pub(crate) verify_pause: Duration,
}

crate::debug::structure!(Config: namespace, policy, profile, fail_open);

impl Default for Config {
    fn default() -> Self {
        Self {
            namespace: Box::default(),
            policy: Policy::default(),
            profile: Profile::default(),
            key_header: HeaderName::from_static("idempotency-key"),
            max_request_bytes: 1 << 20,
            max_response_bytes: 1 << 20,
            max_response_time: Duration::from_secs(30),
            fail_open: false,
            cache_bytes: 32 << 20,
            cache_max_age: Duration::from_mins(1),
            store_timeout: Duration::from_secs(5),
            completion_timeout: Duration::from_secs(5),
            sweep_interval: Duration::from_mins(1),
            hooks: Hooks::default(),
            verify_after: None,
            verify_timeout: Duration::from_secs(5),
            verify_pause: Duration::from_secs(30),
        }
    }
}
