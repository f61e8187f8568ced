//! `#[tx]` handlers and functions on real databases: effects and record commit together, or not at all.

mod bodies;
mod by_hand;
mod cancelled;
mod conflicts;
mod faults;
mod leaving;
mod nested;
mod pooler;
mod records;
mod sameness;
mod sessions;
mod suite;
mod traps;
mod twins;
mod world;
