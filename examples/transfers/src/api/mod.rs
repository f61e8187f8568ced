//! The transfer API, as a small service would have it.
//!
//! | | |
//! |---|---|
//! | `POST /transfers` | `{"order": 17, "to": 4, "amount": 1200}` → 201 with the transfer; 422 if the funds are short |
//!
//! The account that pays stands in `x-account`, which a gateway would set. Two routers stand over the same statements: [`bare`] and
//! [`protected`].

mod error;
mod payer;
mod routes;
mod transfer;

pub(crate) use error::TransferError;
pub(crate) use payer::ACCOUNT;
pub(crate) use routes::{bare, protected};
pub(crate) use transfer::{NewTransfer, Transfer};
