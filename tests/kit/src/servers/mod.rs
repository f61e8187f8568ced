//! Private database servers for tests and benchmarks.
//!
//! Every server gets a directory of its own and a free port on 127.0.0.1, answers when `start` returns, and leaves
//! nothing behind, however the test process ends: a supervisor holds a pipe to it, and when that closes, the server and
//! its directory go.
//!
//! ```
//! use idem_testing::servers::{Redis, require, shared};
//!
//! // One server for all tests of the process, or the one in IDEM_TEST_REDIS_URL.
//! let Some(url) = require(shared::redis()) else { return };
//! assert!(url.starts_with("redis"));
//!
//! // One for the test that kills it.
//! let Some(redis) = require(Redis::builder().setting("appendonly", "yes").start()) else { return };
//! redis.kill().unwrap();
//! redis.start_again().unwrap();
//! ```
//!
//! A server that is not installed is installed with apt-get where that is possible: as root, on Debian and its kin.
//! The package may then also start its own default service. `IDEM_INSTALL_SERVERS=0` forbids it. Where it is not
//! possible, [`require`] says so in a line that no test runner hides, or fails the test under `CI` and
//! `IDEM_REQUIRE_SERVERS=1`.

#![allow(clippy::missing_errors_doc, reason = "`Missing` and `Failure` say what there is to say")]

mod builder;
mod cluster;
mod failure;
mod find;
mod install;
mod mariadb;
mod missing;
mod pgbouncer;
mod port;
mod postgres;
mod probe;
mod process;
mod redis;
mod require;
mod server;
pub mod shared;
mod software;

pub use builder::{Builder, Kind, Settings};
pub use cluster::Cluster;
pub use failure::{Cause, Failure};
pub use mariadb::MariaDb;
pub use missing::{Missing, Why};
pub use pgbouncer::{PgBouncer, PgBouncerBuilder};
pub use postgres::Postgres;
pub use redis::Redis;
pub use require::require;
pub use server::Server;
