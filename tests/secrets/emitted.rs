//! The types that the macro emits calls of, at every step of a call.

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use idem_core::__private::Spec;
use idem_core::__private::axum::{self as of_axum, Context, Response, TxEntry, TxFlow, is_success};
use idem_core::__private::plain::{AsIdem, UnclassifiedErrors as _, operation, output};
use idem_core::__private::tx::{Entry, Flow, TxSpec, coupled};
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
    let app = Router::new().route("/axum", post(axum_call)).route("/tx", post(tx_call)).layer(idem.layer());
    for path in ["/axum", "/tx"] {
        assert_eq!(ask(&app, path, BODY).await, 200, "{path}");
        assert_eq!(ask(&app, path, BODY).await, 200, "{path}");
    }

    see(operation(&idem, Spec::new().name("charge")).key(KEY).scope(SCOPE).fingerprint(BODY));
    let errors = debug((&debug(output::<Result<String, Failed>>())).errors());
    for _ in 0..2 {
        let call = debug(coupled::<Sqlite>(&idem, Spec::new().name("move")));
        let call = debug(call.key(KEY).scope(SCOPE).fingerprint(BODY));
        match debug(call.couple::<Sqlite, _>(TxSpec::new(), errors).await) {
            Entry::Answer(answer) => assert_eq!(answer.unwrap(), REPLY),
            Entry::Run(call) => {
                let body = async |_: &mut sqlx::Transaction<'_, Sqlite>| Ok(REPLY.to_owned());
                let flow = debug(call).attempt(|_| false, |_| true, |_| true, body).await;
                assert!(matches!(debug(flow), Flow::Done(Ok(_))));
            }
        }
    }
}

async fn axum_call(context: Context, _: Bytes) -> Response {
    let call = debug(debug(context).operation(Spec::new())).key(KEY).scope(SCOPE).fingerprint(BODY);
    match debug(debug(call).enter().await) {
        of_axum::Entry::Answer(answer) => answer,
        of_axum::Entry::Run(call) => {
            debug(call).run(of_axum::respond::<String>, async || REPLY.to_owned()).await
        }
    }
}

async fn tx_call(context: Context, _: Bytes) -> Response {
    let call = debug(context).operation(Spec::new()).key(KEY).scope(SCOPE);
    match debug(call.couple::<Sqlite>(TxSpec::new()).await) {
        TxEntry::Answer(answer) => answer,
        TxEntry::Run(call) => {
            let body = async |_: &mut sqlx::Transaction<'_, Sqlite>| REPLY.to_owned();
            let flow =
                debug(call).attempt(of_axum::respond::<String>, |_| false, |_| true, is_success, body).await;
            match debug(flow) {
                TxFlow::Done(answer) => answer,
                TxFlow::Again(_) => panic!("nothing collides here"),
            }
        }
    }
}
