//! A full run on a store: every way in which a call can go, and every order about its record.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use idem_core::protocol::{StateKind, Verdict};
use idem_core::store::Store;
use idem_core::store::memory::MemoryStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::verify::{Unsettled, Verification};
use idem_core::{Ambiguous, Idem, Refused, Scope, current, idempotent, plain};
use tower::ServiceExt;

use super::marks::{BODY, KEY, REPLY, SCOPE};
use super::shown::{debug, display, error, see};
use super::values::claim;

const SHORT: Duration = Duration::from_millis(100);

type Answer = (StatusCode, String);

/// The span shows what the macro adds to the signature. The body is the caller's own.
#[idempotent]
#[tracing::instrument(skip(body))]
async fn pay(Path(mode): Path<String>, body: String) -> Result<Answer, Ambiguous<Answer>> {
    see(current());
    if let Some(run) = current() {
        see(run);
    }
    let answer = |status| (status, format!("{REPLY} to {}", body.len()));
    match mode.as_str() {
        "slow" => tokio::time::sleep(SHORT * 3).await,
        "panic" => std::panic::resume_unwind(Box::new("the handler panicked")),
        "unknown" | "hooked" => return Err(Ambiguous(answer(StatusCode::BAD_GATEWAY))),
        "busy" => return Ok(answer(StatusCode::SERVICE_UNAVAILABLE)),
        _ => {}
    }
    Ok(answer(StatusCode::CREATED))
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the bank is closed")]
    Closed,
}

#[idempotent(with = idem, key = key, scope = SCOPE, fingerprint = body, name = "charge")]
#[tracing::instrument(skip(key, body))]
async fn charge(idem: &Idem, key: &str, body: &str, works: bool) -> Result<String, Failed> {
    if works { Ok(REPLY.to_owned()) } else { Err(Failed::Closed) }
}

macro_rules! transfer {
    ($name:ident, $tx:ident) => {
        #[idempotent]
        #[tracing::instrument(skip(body))]
        pub(crate) async fn $name(Path(mode): Path<String>, #[tx] tx: &mut $tx<'_>, body: String) -> Answer {
            see(current());
            sqlx::query("SELECT 1").execute(&mut **tx).await.unwrap();
            let status = match mode.as_str() {
                "tx-reject" => StatusCode::UNPROCESSABLE_ENTITY,
                "tx-busy" => StatusCode::SERVICE_UNAVAILABLE,
                "tx-panic" => std::panic::resume_unwind(Box::new("the handler panicked")),
                _ => StatusCode::CREATED,
            };
            (status, format!("{REPLY} to {}", body.len()))
        }
    };
}
pub(crate) use transfer;

transfer!(transfer_sqlite, SqliteTx);

pub(crate) async fn memory() {
    let store = MemoryStore::new();
    for at in 0..1000 {
        drop(store.claim(claim(&format!("many {at}"), Duration::from_hours(1))).await);
    }
    let idem = whole(debug(store), Router::new()).await;
    see(idem);
}

pub(crate) async fn sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("idem.db")).await.unwrap();
    whole(debug(store), Router::new().route("/tx/{mode}", post(transfer_sqlite))).await;
}

/// The builder of a run, with short spans.
pub(crate) fn builder<S: Store>(store: S) -> Idem<S> {
    Idem::builder(store)
        .scope(Scope::header("x-account"))
        .namespace("shop")
        .lease(SHORT * 10)
        .sweep_interval(SHORT)
        .store_timeout(SHORT * 10)
        .completion_timeout(SHORT)
        .verify("POST /pay/hooked", async |unsettled: Unsettled| {
            see(unsettled);
            Ok(Verification::Happened(idem_core::response::reply(&axum::http::Response::new(REPLY))))
        })
        .verify_after(Duration::ZERO)
        .build()
}

pub(crate) async fn ask(app: &Router, path: &str, body: &str) -> StatusCode {
    let request = Request::post(path)
        .header("x-account", SCOPE)
        .header("idempotency-key", KEY)
        .header("authorization", super::marks::PASSWORD)
        .body(Body::from(body.to_owned()))
        .unwrap();
    app.clone().oneshot(request).await.unwrap().status()
}

/// Everything, on `store`; `transfers` has the handlers with a transaction, at `/tx/{mode}`.
pub(crate) async fn whole<S: Store>(store: S, transfers: Router) -> Idem<S> {
    // An owner that is gone, for the sweep.
    let abandoned = claim("abandoned", Duration::from_millis(1));
    drop(debug(store.claim(abandoned).await));
    let idem = builder(store);
    let couples = transfers.has_routes();
    let app = Router::new().route("/pay/{mode}", post(pay)).merge(transfers).layer(debug(idem.layer()));

    for (path, status) in [("/pay/ok", 201), ("/pay/busy", 503), ("/pay/unknown", 502), ("/pay/panic", 500)] {
        assert_eq!(ask(&app, path, BODY).await, status, "{path}");
        ask(&app, path, BODY).await;
        ask(&app, path, "another body").await;
    }
    let (slow, twin) = tokio::join!(ask(&app, "/pay/slow", BODY), async {
        tokio::time::sleep(SHORT).await;
        ask(&app, "/pay/slow", BODY).await
    });
    assert_eq!((slow.as_u16(), twin.as_u16()), (201, 409));
    assert_eq!(ask(&app, "/pay/hooked", BODY).await, 502);
    assert_eq!(ask(&app, "/pay/hooked", BODY).await, 200);
    let unnamed = Request::post("/pay/ok").header("idempotency-key", KEY).body(Body::from(BODY)).unwrap();
    assert_eq!(app.clone().oneshot(unnamed).await.unwrap().status(), 400);
    if couples {
        for (mode, status) in [("tx", 201), ("tx-reject", 422), ("tx-busy", 503), ("tx-panic", 500)] {
            assert_eq!(ask(&app, &format!("/tx/{mode}"), BODY).await, status, "{mode}");
            ask(&app, &format!("/tx/{mode}"), BODY).await;
            ask(&app, &format!("/tx/{mode}"), "another body").await;
        }
    }

    let any = debug(idem.erase());
    assert!(charge(&any, KEY, BODY, true).await.is_ok());
    assert!(charge(&any, KEY, BODY, true).await.is_ok());
    error(charge(&any, KEY, "another body", true).await.unwrap_err());
    error(charge(&any, "kQ7mark1-another", BODY, false).await.unwrap_err());

    orders(&any).await;
    let (last, drained) = tokio::join!(ask(&app, "/pay/slow", "drained"), async {
        tokio::time::sleep(SHORT).await;
        idem.drain(Duration::from_millis(1)).await
    });
    see((last, debug(drained)));
    idem
}

/// Sees what is unsettled, once the sweep has been there, and gives every order.
async fn orders(idem: &Idem) {
    let operator = debug(idem.operator());
    let orders = debug(debug(operator.by("ops")).because("the bank says so"));
    let mut unsettled = Vec::new();
    for _ in 0..200 {
        unsettled = operator.list(StateKind::Unknown, None, 10).await.unwrap();
        if unsettled.len() >= 3 {
            break;
        }
        tokio::time::sleep(SHORT / 2).await;
    }
    assert!(unsettled.len() >= 3, "{unsettled:?}");
    for entry in &unsettled {
        see(entry);
        see(operator.inspect(entry.address).await.unwrap());
    }
    let [a, b, c, ..] = &unsettled[..] else { unreachable!() };
    let verdict = Verdict::Happened(plain::reply(REPLY).unwrap());
    see(orders.settle(a, verdict.clone()).await.unwrap());
    see(orders.settle(a, verdict).await.unwrap());
    see(orders.retry(b).await.unwrap());
    see(orders.release(c).await.unwrap());
    see(orders.forget(c).await.unwrap());
    let settled = operator.inspect(a.address).await.unwrap().unwrap();
    display(settled.audit.unwrap());
}
