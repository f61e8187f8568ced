//! The client on the wire, against a scripted server on loopback.

mod delays;
mod endings;
mod frozen;
mod hooks;
#[cfg(feature = "http2")]
mod http2;
mod in_progress;
mod keys;
mod licence;
mod refused;
mod resume;
mod secrets;
mod server;
mod travel;
mod verdicts;

use std::time::Duration;

use idem_client::{Client, ClientBuilder, Policy};

/// Short waits; times that no test reaches unless it means to.
fn quick() -> Policy {
    Policy::default()
        .base_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(4))
        .attempt_timeout(Duration::from_secs(20))
        .total_timeout(Duration::from_mins(1))
}

fn builder() -> ClientBuilder {
    Client::builder().policy(quick())
}

fn client() -> Client {
    builder().build().unwrap()
}
