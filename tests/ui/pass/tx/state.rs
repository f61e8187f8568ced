//! A state that says which store its router has, and states that say nothing.

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::post;
use idem_core::idempotent;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::{HasStore, MySqlTx, SqliteTx};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

#[derive(Clone)]
struct App {
    runs: &'static Runs,
}

impl HasStore for App {
    type Store = SqliteStore;
}

impl FromRef<App> for &'static Runs {
    fn from_ref(app: &App) -> Self {
        app.runs
    }
}

#[idempotent]
async fn says(State(app): State<App>, #[tx] tx: &mut SqliteTx<'_>) -> String {
    sell(tx, "says").await.unwrap();
    app.runs.next().to_string()
}

#[idempotent]
async fn says_nothing(
    axum::extract::State(runs): axum::extract::State<&'static Runs>,
    #[tx] tx: &mut SqliteTx<'_>,
) -> String {
    sell(tx, "says nothing").await.unwrap();
    runs.next().to_string()
}

/// What state it is given is not known while it is compiled.
#[idempotent]
async fn any<S: Clone + Send + Sync + 'static>(State(_): State<S>, #[tx] tx: &mut SqliteTx<'_>) -> String {
    sell(tx, "any").await.unwrap();
    RUNS.next().to_string()
}

/// The router's store is not in that database, which is found out when it is called.
#[idempotent]
async fn another(State(runs): State<&'static Runs>, #[tx] _tx: &mut MySqlTx<'_>) -> String {
    runs.next().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let router = Router::new().route("/says", post(says)).route("/says-nothing", post(says_nothing));
    let router = router.route("/any", post(any::<App>)).route("/another", post(another));
    let app = shop.serve(router.with_state(App { runs: &RUNS }));
    assert_eq!(replays(&app, &Call::post("/says").key("k")).await.body, "1");
    assert_eq!(replays(&app, &Call::post("/says-nothing").key("k")).await.body, "2");
    assert_eq!(replays(&app, &Call::post("/any").key("k")).await.body, "3");
    let refused = Call::post("/another").key("k").send(&app).await;
    refused.is_problem("store-cannot-couple");
    assert_eq!(refused.status, 500);
    assert_eq!(shop.sales().await, ["says", "says nothing", "any"]);
    assert_eq!(RUNS.total(), 3);
}
