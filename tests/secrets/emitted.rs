//! The types that the macro emits calls of, at every step of a call.

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use idem_core::__private::axum::{self as of_axum, Context, Response, Said};
use idem_core::__private::plain::{AsIdem, UnclassifiedErrors as _, operation, output};
use idem_core::__private::tx::{TxSpec, operation as tx_operation};
use idem_core::__private::{Peek, Spec};
use idem_core::Fingerprint;
use idem_core::service::{Protection, Route};
use idem_core::store::sqlite::SqliteStore;
use sqlx::Sqlite;
use tower::Layer;

use super::marks::{BODY, KEY, REPLY, SCOPE};
use super::run::{Failed, ask, builder};
use super::shown::{debug, see};

pub(crate) async fn format_all() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("idem.db")).await.unwrap();
    let idem = builder(store);
    see(idem.engine());
    see(idem.layer().layer(tower::service_fn(async |(): ()| Ok::<(), ()>(()))));
    let route =
        Route::new().key(|_, _| KEY).scope(|_, _| SCOPE).fingerprint(|_, _| Fingerprint::of_value(BODY));
    see(route.clone());
    let in_front = idem.service_layer(move |_| Protection::Keyed(route.clone()));
    see(Protection::Keyed(Route::new()));
    see(debug(in_front).layer(tower::service_fn(async |(): ()| Ok::<(), ()>(()))));
    let app = Router::new().route("/axum", post(axum_call)).route("/tx", post(tx_call)).layer(idem.layer());
    for path in ["/axum", "/tx"] {
        assert_eq!(ask(&app, path, BODY).await, 200, "{path}");
        assert_eq!(ask(&app, path, BODY).await, 200, "{path}");
    }

    see(operation(&idem, Spec::new().name("charge")).key(KEY).scope(SCOPE).fingerprint(BODY));
    see(Peek(BODY));
    see(of_axum::says::<Result<String, Failed>>());
    #[expect(clippy::needless_borrow, reason = "as it is emitted")]
    let errors = debug((&&&debug(output::<Result<String, Failed>>())).idem_errors());
    let call = || operation(&idem, Spec::new().name("charge")).key(KEY).scope(SCOPE).fingerprint(BODY);
    let body = || Box::pin(async { Ok(REPLY.to_owned()) });
    drop(debug(debug(call().call(errors)).run_if(|_| true, body())));
    let answer = debug(debug(call().call(errors)).run(body())).await;
    assert_eq!(answer.unwrap(), REPLY);
    for _ in 0..2 {
        let call = debug(tx_operation::<Sqlite>(&idem, Spec::new().name("move")));
        let call = debug(call.key(KEY).scope(SCOPE).fingerprint(BODY));
        let body = async |_: &mut sqlx::Transaction<'_, Sqlite>| Ok(REPLY.to_owned());
        let answer = call.run(debug(TxSpec::new()), errors, |_| false, |_| true, |_| true, body).await;
        assert_eq!(answer.unwrap(), REPLY);
    }
}

async fn axum_call(context: Context, _: Bytes) -> Response {
    let call = debug(debug(context).operation(Spec::new())).key(KEY).scope(SCOPE).fingerprint(BODY);
    debug(call).run(of_axum::respond::<String>, async { REPLY.to_owned() }).await
}

async fn tx_call(context: Context, _: Bytes) -> Response {
    let call = debug(debug(context).operation(Spec::new())).key(KEY).scope(SCOPE);
    call.run_in_transaction::<Sqlite>(TxSpec::new(), |_| {
        of_axum::boxed(async { debug(Said::new(of_axum::respond(REPLY.to_owned()), false)) })
    })
    .await
}
