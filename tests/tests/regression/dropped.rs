//! A service that ends without a drain: its log says so.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::post;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};
use tokio::sync::Notify;
use tower::ServiceExt as _;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A handler that waits to be let go.
#[derive(Clone, Default)]
struct Held(Arc<(Notify, Notify)>);

#[idempotent]
async fn ship(State(held): State<Held>) -> &'static str {
    held.0.0.notify_one();
    held.0.1.notified().await;
    "shipped"
}

#[tokio::test]
async fn the_last_handle_says_that_operations_still_run_unless_it_was_drained() {
    for (drained, running, logged) in [(false, true, true), (true, true, false), (false, false, false)] {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let held = Held::default();
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
        let app = Router::new().route("/", post(ship)).layer(idem.layer()).with_state(held.clone());
        let request = Request::post("/").header("idempotency-key", "k").body(Body::empty()).unwrap();
        let mut call = Box::pin(app.clone().oneshot(request));
        tokio::select! {
            _ = &mut call => unreachable!("it waits"),
            () = held.0.0.notified() => {}
        }
        if drained {
            let _abandoned = idem.drain(Duration::ZERO).await;
        }
        if !running {
            held.0.1.notify_one();
            assert_eq!(call.as_mut().await.unwrap().status(), 200);
        }
        drop(idem);
        assert!(!log.text().contains("dropped while"), "the layer is left");
        // The handler runs on, in a task of its own.
        drop((app, call));
        assert_eq!(log.text().contains("dropped while operations run"), logged, "{}", log.text());
        held.0.1.notify_one();
    }
}
