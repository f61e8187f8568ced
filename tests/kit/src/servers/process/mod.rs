//! The processes of a server: one supervisor, one server, and what the server forks.

mod account;
mod supervisor;
mod tree;

pub(crate) use account::{Account, is_root};
pub(crate) use supervisor::{Process, Spec};
