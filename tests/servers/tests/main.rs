//! Every server, the supervisor, what is missing, and the proxy.

mod cluster;
mod leftovers;
mod missing;
mod pgbouncer;
mod proxy;
mod servers;
mod support;
