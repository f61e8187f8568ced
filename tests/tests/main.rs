//! Tests of idem as a whole: real requests, real processes, and counts of what really ran.
//!
//! `http` asks one server, `process` several at once and dying ones, `client` lets idem's client ask; `regression` holds
//! traps that others fell into; `upgrade` runs the version before beside this one.
//! Which rule of the design each test shows is in the README beside this crate's manifest.

mod client;
mod http;
mod process;
mod regression;
mod support;
mod upgrade;
