//! What an operation leaves in the traces. A process of its own, since a subscriber is the process's.

#[allow(dead_code, reason = "this test uses a part of it")]
#[path = "../wire/server.rs"]
mod server;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idem_client::{Client, IdempotencyKey, Outcome, Policy};
use tracing_subscriber::EnvFilter;

use crate::server::{Act, Server, status};

const SECRETS: [&str; 4] = ["key-5f1c", "body-8d2e", "token-77aa", "query-31b0"];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn traces_have_a_span_for_each_attempt_and_none_of_them() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("idem_client=trace"))
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let server = Server::start([status(503), Act::Drop, Act::Drop, Act::Drop]).await;
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let policy = Policy::default().base_delay(Duration::from_millis(1)).max_delay(Duration::from_millis(4));
    let outcome = Client::builder()
        .policy(policy)
        .build()
        .unwrap()
        .post(server.url("/p?q=query-31b0"))
        .header("authorization", "token-77aa")
        .body("body-8d2e")
        .key(IdempotencyKey::new(SECRETS[0]).unwrap())
        .send()
        .await
        .unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for n in 0..4 {
        assert!(text.contains(&format!("idem.attempt{{http.request.resend_count={n} ")), "{n} in {text}");
    }
    for mark in [
        "http.response.status_code=503",
        "error.type=\"lost\"",
        "idem.key=\"",
        "idem.outcome=\"unknown\"",
        "WARN",
    ] {
        assert!(text.contains(mark), "{mark} in {text}");
    }
}
