//! As many extractors as axum takes, of every kind, around the transaction; and none.

use axum::Router;
use axum::extract::{Extension, OriginalUri, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::post;
use idem_core::idempotent;
use idem_core::tx::SqliteTx;
use serde::Deserialize;

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

#[derive(Clone)]
struct User(&'static str);

#[derive(Deserialize)]
struct Asked {
    what: String,
}

#[idempotent(scope = user.0)]
async fn all(
    _: Method,
    _uri: Uri,
    headers: HeaderMap,
    State(runs): State<&'static Runs>,
    OriginalUri(_): OriginalUri,
    Extension(user): Extension<User>,
    #[tx] tx: &mut SqliteTx<'_>,
    Path(mut shop): Path<String>,
    Query(Asked { what }): Query<Asked>,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    request: Request,
) -> String {
    shop.push('!');
    sell(tx, &what).await.unwrap();
    format!("{} {shop} {what} {} {} {}", user.0, headers.len(), request.uri(), runs.next())
}

#[idempotent]
async fn none(#[tx] tx: &mut SqliteTx<'_>) {
    sell(tx, "nothing").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let router = Router::new().route("/none", post(none)).route("/all/{shop}", post(all)).with_state(&RUNS);
    let app = shop.serve(router.layer(Extension(User("ada"))));
    let call = Call::post("/all/corner?what=tea").key("k").body("b");
    assert_eq!(replays(&app, &call).await.body, "ada corner! tea 1 /all/corner?what=tea 1");
    replays(&app, &Call::post("/none").key("k")).await;
    assert_eq!(shop.sales().await, ["tea", "nothing"]);
}
