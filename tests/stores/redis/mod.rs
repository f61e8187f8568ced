//! Redis, alone and as a cluster.

mod cluster;
mod conformance;
mod connections;
mod durability;
mod limits;
mod rights;
mod support;
mod traps;
mod unnamed;
