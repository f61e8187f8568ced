//! Every server, the supervisor, and what is missing.

mod cluster;
mod leftovers;
mod lives;
mod missing;
mod pgbouncer;
