//! A crate that gives its own meaning to every name the expansion could want.

mod hostile {
    #![allow(non_camel_case_types, unused_macros)]

    mod core {}
    mod std {}
    mod axum {}
    mod tokio {}
    mod serde {}

    pub struct Ok;
    pub struct Err;
    pub struct Some;
    pub struct None;
    pub struct Result;
    pub struct Option;
    pub struct Vec;
    pub struct Box;
    pub struct Send;
    pub struct String;
    pub struct Future;
    pub struct Response;
    pub struct Context;
    pub struct Idem;
    pub struct u64;
    pub struct bool;

    pub fn drop() {}

    macro_rules! panic {
        () => {};
    }
    macro_rules! unreachable {
        () => {};
    }
    macro_rules! matches {
        () => {};
    }

    pub type Reply<T> = ::core::result::Result<T, ::idem_core::Refused>;
    pub type Number = ::core::primitive::u64;

    #[::idem_core::idempotent(
        with = idem,
        key = order,
        name = "plain",
        scope = order,
        fingerprint = order,
        ttl = "1d",
        optional,
        on_error = release,
        after_crash = rerun,
        store_if = |_| true,
    )]
    pub async fn plain(idem: &::idem_core::Idem, order: Number) -> Reply<Number> {
        let __idem_op = super::RUNS.next();
        Reply::Ok(order + __idem_op)
    }

    #[::idem_core::idempotent(with = idem, key = order, name = "detached", detach, on_error = unknown)]
    pub async fn detached(idem: ::idem_core::Idem, order: Number) -> Reply<Number> {
        Reply::Ok(order + super::RUNS.next())
    }

    #[::idem_core::idempotent(key = __idem_cx.uri().path(), on_error = store)]
    pub async fn handler(__idem_cx: ::axum::extract::Request) -> ::std::string::String {
        let __idem_op = super::RUNS.next();
        ::std::format!("{} {__idem_op}", __idem_cx.uri())
    }

    #[::idem_core::idempotent]
    pub async fn nothing(_: ::axum::body::Body) {}

    #[::idem_core::idempotent(tx_retries = 1, isolation = serializable, commit_on = |_| true, store_if = |_| true)]
    pub async fn coupled(
        ::axum::extract::State(__idem_call): ::axum::extract::State<Number>,
        #[tx] __idem_value: &mut ::idem_core::tx::SqliteTx<'_>,
    ) -> ::core::result::Result<::std::string::String, ::idem_core::Refused> {
        let _ = __idem_value;
        let __idem_op = super::RUNS.next();
        ::core::result::Result::Ok(::std::format!("{__idem_call} {__idem_op}"))
    }

    #[::idem_core::idempotent(with = __idem_call, key = __idem_op, name = "coupled", tx_retries = 1)]
    pub async fn coupled_plain(
        __idem_call: &::idem_core::Idem<::idem_core::store::sqlite::SqliteStore>,
        __idem_op: Number,
        #[tx] __idem_errors: &mut ::idem_core::tx::SqliteTx<'_>,
    ) -> Reply<Number> {
        let _ = __idem_errors;
        Reply::Ok(__idem_op + super::RUNS.next())
    }
}

use axum::Router;
use axum::routing::post;

use crate::database;
use crate::support::{self, Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    for _ in 0..2 {
        assert_eq!(hostile::plain(&idem, 10).await, Ok(11));
        assert_eq!(hostile::detached(idem.clone(), 10).await, Ok(12));
    }
    let router = Router::new().route("/handler", post(hostile::handler));
    let app = serve(router.route("/nothing", post(hostile::nothing)));
    assert_eq!(replays(&app, &Call::post("/handler")).await.body, "/handler 3");
    replays(&app, &Call::post("/nothing").key("k")).await;

    let shop = database::Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(hostile::coupled)).with_state(7));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "7 4");
    for _ in 0..2 {
        assert_eq!(hostile::coupled_plain(&shop.idem, 10).await, Ok(15));
    }
}
