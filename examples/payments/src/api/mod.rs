//! The payment API, as a small service would have it.
//!
//! | | |
//! |---|---|
//! | `POST /payments` | `{"order": 17, "amount": 1200, "currency": "EUR"}` → 201 with the payment; 402 declined; 503 bank busy |
//! | `GET /payments` | the payments of the account |
//! | `GET /payments/{id}` | one of them |
//!
//! The account that pays stands in `x-account`, which a gateway would set. Two routers stand over the same handler body:
//! [`bare`] and [`protected`].

mod account;
mod error;
mod payment;
mod routes;
mod shop;

pub(crate) use account::{ACCOUNT, Account};
pub(crate) use error::PaymentError;
pub(crate) use payment::{Created, NewPayment, Payment};
pub(crate) use routes::{bare, protected};
pub(crate) use shop::Shop;
