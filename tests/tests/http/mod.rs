//! What one server says.

mod bodies;
mod caller;
mod current;
mod dropped;
mod endings;
mod events;
mod expiry;
mod extractors;
mod grpc;
mod handlers;
mod identity;
mod in_front;
mod keys;
mod layers;
mod marks;
mod methods;
mod middleware;
mod mismatch;
mod operations;
mod outcomes;
mod panics;
mod problems;
mod replay;
mod responses;
mod running;
mod sameness;
mod store_down;
mod verdicts;

use crate::support::Target;

/// With idem as an attribute of each handler.
fn start(arguments: &[&str]) -> Target {
    Target::start(arguments)
}
