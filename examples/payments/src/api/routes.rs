//! The routes, and the handlers over them.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use idem_core::{Idem, idempotent};

use super::{Account, Created, NewPayment, Payment, PaymentError, Shop};

/// The API without idem.
pub(crate) fn bare(shop: Shop) -> Router {
    reading().route("/payments", post(create_payment_bare)).with_state(shop)
}

/// The API with idem.
pub(crate) fn protected(shop: Shop, idem: &Idem) -> Router {
    reading().route("/payments", post(create_payment)).layer(idem.layer()).with_state(shop)
}

fn reading() -> Router<Shop> {
    Router::new().route("/payments", get(list_payments)).route("/payments/{id}", get(show_payment))
}

async fn create_payment_bare(
    State(shop): State<Shop>,
    Account(account): Account,
    Json(new): Json<NewPayment>,
) -> Result<Created, PaymentError> {
    shop.pay(&account, &new).await
}

// All that idem asks of a handler is this line.
#[idempotent]
async fn create_payment(
    State(shop): State<Shop>,
    Account(account): Account,
    Json(new): Json<NewPayment>,
) -> Result<Created, PaymentError> {
    shop.pay(&account, &new).await
}

async fn list_payments(State(shop): State<Shop>, Account(account): Account) -> Json<Vec<Payment>> {
    Json(shop.bank().charges(&account))
}

async fn show_payment(
    State(shop): State<Shop>,
    Account(account): Account,
    Path(id): Path<u64>,
) -> Result<Json<Payment>, PaymentError> {
    let found = shop.bank().charges(&account).into_iter().find(|payment| payment.id == id);
    found.map(Json).ok_or(PaymentError::NoSuchPayment)
}
