//! Several callers with one key at once, in one process and in several.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use idem_core::fault::{self, Fault, Guard, points};

use crate::suite::{End, ask_for};
use crate::world::{ask, soon};

/// Counts the claims of one test: the points are those of the whole process, and each test has a thread of its own.
struct Claims {
    test: ThreadId,
    seen: AtomicU64,
    armed: Mutex<Option<Guard>>,
}

impl Claims {
    fn watch() -> Arc<Self> {
        let test = thread::current().id();
        let claims = Arc::new(Self { test, seen: AtomicU64::new(0), armed: Mutex::new(None) });
        claims.arm();
        claims
    }

    /// A point acts once, so it is armed again each time.
    fn arm(self: &Arc<Self>) {
        let claims = Arc::downgrade(self);
        let guard = fault::arm(
            points::TX_CLAIM_BEFORE,
            Fault::call(move || {
                if let Some(claims) = claims.upgrade() {
                    if thread::current().id() == claims.test {
                        claims.seen.fetch_add(1, Ordering::SeqCst);
                    }
                    claims.arm();
                }
            }),
        );
        *self.armed.lock().unwrap() = Some(guard);
    }

    async fn reach(&self, number: u64) {
        while self.seen.load(Ordering::SeqCst) < number {
            tokio::task::yield_now().await;
        }
    }
}

macro_rules! twins {
    ($name:ident) => {
        mod $name {
            use super::*;
            use crate::suite::$name::{act, router, world};

            #[tokio::test]
            async fn twins_in_one_process_cost_no_connection() {
                let Some((world, router)) = world().await else { return };
                let body = ask_for("a", End::Held);
                let first = tokio::spawn({
                    let (router, body) = (router.clone(), body.clone());
                    async move { ask(&router, "k", &body).await }
                });
                soon("the first runs", world.app.inside.notified()).await;
                // More than the pool has connections.
                for _ in 0..20 {
                    let twin = ask(&router, "k", &body).await;
                    assert!(twin.is(409, "request-in-progress"), "{twin:?}");
                }
                let other = ask(&router, "k", &ask_for("b", End::Held)).await;
                assert!(other.is(400, "idempotency-key-reused"), "{other:?}");
                world.app.go_on.notify_one();
                assert!(soon("it ends", first).await.unwrap().is(201, "run 1"));
                assert!(ask(&router, "k", &body).await.replayed);
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn a_twin_in_another_process_does_not_run() {
                let Some((world, router)) = world().await else { return };
                let other = self::router(&world).await;
                let body = ask_for("a", End::Held);
                let first = tokio::spawn({
                    let body = body.clone();
                    async move { ask(&router, "k", &body).await }
                });
                soon("the first runs", world.app.inside.notified()).await;
                let waits = stringify!($name) == "sqlite";
                let twin = tokio::spawn({
                    let (other, body) = (other.clone(), body.clone());
                    async move { ask(&other, "k", &body).await }
                });
                if waits {
                    // SQLite has one writer; what is not committed is not to be seen.
                    world.app.go_on.notify_one();
                    let twin = soon("the twin's answer", twin).await.unwrap();
                    assert!(twin.is(201, "run 1") && twin.replayed, "{twin:?}");
                } else {
                    let twin = soon("the twin's answer", twin).await.unwrap();
                    assert!(twin.is(409, "request-in-progress"), "{twin:?}");
                    world.app.go_on.notify_one();
                }
                assert!(soon("it ends", first).await.unwrap().is(201, "run 1"));
                assert!(soon("a replay", ask(&other, "k", &body)).await.replayed);
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            /// What another process's transaction will leave behind is not known before it ends: perhaps an answer to
            /// this very request, although another call in this process sends another request under its key.
            #[tokio::test]
            async fn who_waits_behind_another_request_gets_its_own_answer() {
                let Some((world, router)) = world().await else { return };
                let idem = world.process_with(|b| b.wait(Duration::from_mins(1))).await;
                let other = Router::new().route("/act", post(act)).layer(idem.layer());
                let other = other.with_state(world.app.clone());
                let call = |router: &Router, body: String| {
                    let router = router.clone();
                    tokio::spawn(async move { ask(&router, "k", &body).await })
                };
                let first = call(&router, ask_for("a", End::Held));
                soon("the first runs", world.app.inside.notified()).await;
                let claims = Claims::watch();
                let different = call(&other, ask_for("b", End::Held));
                // SQLite's waits for its turn before that. Elsewhere it has been told of the first when it asks again.
                if stringify!($name) != "sqlite" {
                    soon("the other asks again", claims.reach(2)).await;
                }
                let same = call(&other, ask_for("a", End::Held));
                tokio::task::yield_now().await;
                world.app.go_on.notify_one();
                assert!(soon("it ends", first).await.unwrap().is(201, "run 1"));
                let different = soon("an answer", different).await.unwrap();
                assert!(different.is(400, "idempotency-key-reused"), "{different:?}");
                let same = soon("an answer", same).await.unwrap();
                assert!(same.is(201, "run 1") && same.replayed, "{same:?}");
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn sixty_four_twins_over_four_processes_run_once() {
                let Some((world, _)) = world().await else { return };
                let mut routers = Vec::new();
                for _ in 0..4 {
                    let idem = world.process_with(|b| b.wait(Duration::from_mins(1))).await;
                    let router = Router::new().route("/act", post(act)).layer(idem.layer());
                    routers.push(router.with_state(world.app.clone()));
                }
                let body = ask_for("a", End::Created);
                let calls: Vec<_> = (0..64)
                    .map(|at| {
                        let (router, body) = (routers[at % 4].clone(), body.clone());
                        tokio::spawn(async move { ask(&router, "k", &body).await })
                    })
                    .collect();
                for call in calls {
                    let answer = soon("an answer", call).await.unwrap();
                    assert!(answer.is(201, "run 1"), "{answer:?}");
                }
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }
        }
    };
}
twins!(sqlite);
twins!(postgres);
twins!(postgres_with_begin);
twins!(mariadb);
twins!(mysql);
