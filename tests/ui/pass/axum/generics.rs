//! Type and constant parameters, bounds and a `where` clause.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

trait Keyed {
    fn key(&self) -> u64;
}

#[derive(Serialize, Deserialize)]
struct Payment {
    id: u64,
}

impl Keyed for Payment {
    fn key(&self) -> u64 {
        self.id
    }
}

#[idempotent(key = value.key())]
async fn create<T: DeserializeOwned, const N: usize>(
    State(state): State<[u8; N]>,
    Json(value): Json<T>,
) -> Json<(T, usize, u64)>
where
    T: Keyed + Serialize + Send + 'static,
{
    Json((value, state.len() + N, RUNS.next()))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(create::<Payment, 4>)).with_state([0; 4]));
    let call = Call::post("/").json(r#"{"id":3}"#);
    assert_eq!(replays(&app, &call).await.body, r#"[{"id":3},8,1]"#);
}
