//! What the tests stand on: a running target, and a client that shows every byte.

mod app;
mod deadline;
mod previous;
mod shared;
mod target;
mod wire;

pub(crate) use app::{ask, json_post, problem_code};
pub(crate) use deadline::{Over, until};
pub(crate) use previous::previous_version;
pub(crate) use shared::{Shared, StoreKind, on_every_sql_store, on_every_store};
pub(crate) use target::{Target, refuses_to_start, refuses_to_start_with};
pub(crate) use wire::{End, Pending, Reply, Request, post, request};
