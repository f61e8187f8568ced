//! What one server says.

mod bodies;
mod caller;
mod current;
mod dropped;
mod endings;
mod events;
mod expiry;
mod faulty;
mod handlers;
mod identity;
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
