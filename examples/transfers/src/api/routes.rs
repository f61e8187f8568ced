//! The routes, and the handlers over them.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::{Idem, idempotent};
use sqlx::{Pool, Transaction};

use super::payer::Payer;
use super::transfer::Created;
use super::{NewTransfer, TransferError};
use crate::bank::Bank;

/// The API with idem.
pub(crate) fn protected<Db: Bank>(idem: &Idem<Db::Store>) -> Router {
    Router::new().route("/transfers", post(transfer::<Db>)).layer(idem.layer())
}

/// The API without idem.
pub(crate) fn bare<Db: Bank>(pool: Pool<Db>) -> Router {
    Router::new().route("/transfers", post(transfer_bare::<Db>)).with_state(pool)
}

// All that idem asks of a handler is this attribute and a transaction to work in. A service with one database writes
// `&mut PgTx<'_>`, `&mut MySqlTx<'_>` or `&mut SqliteTx<'_>`; this one runs on all three.
#[idempotent]
async fn transfer<Db: Bank>(
    #[tx] tx: &mut Transaction<'_, Db>,
    Payer(payer): Payer,
    Json(new): Json<NewTransfer>,
) -> Result<Created, TransferError> {
    Db::book(tx, payer, &new).await.map(Created)
}

/// What people write.
async fn transfer_bare<Db: Bank>(
    State(pool): State<Pool<Db>>,
    Payer(payer): Payer,
    Json(new): Json<NewTransfer>,
) -> Result<Created, TransferError> {
    let mut tx = Db::begin(&pool).await?;
    let booked = Db::book(&mut tx, payer, &new).await?;
    tx.commit().await?;
    Ok(Created(booked))
}
