// One mistake: the handler is still one, and its caller is not told more.

use axum::Router;
use axum::extract::Path;
use axum::routing::post;
use idem_core::idempotent;
use idem_core::tx::SqliteTx;

#[idempotent(isolaton = serializable)]
async fn pay(#[tx] tx: &mut SqliteTx<'_>, Path(order): Path<String>) -> String {
    sqlx::query("INSERT INTO payment VALUES (1)").execute(&mut **tx).await.unwrap();
    order
}

fn main() {
    let _: Router = Router::new().route("/{order}", post(pay));
}
