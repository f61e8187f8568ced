//! The attribute's arguments: `#[idempotent(key = event.id, name = "stripe-events", ttl = "24h")]`.
//!
//! One file for each kind of value. Every argument is read even if one before it is wrong.

mod arg;
mod choice;
mod constant;
mod count;
mod duration;
mod expression;
mod fields;
mod flag;
mod list;
mod literal;
mod names;

pub(crate) use arg::{Arg, Given};
pub(crate) use choice::{AfterCrash, Isolation, OnError};
pub(crate) use duration::Millis;
pub(crate) use list::Args;
