//! A server in front of idem that outside suites, load generators and this repository's own tests drive over HTTP.
//!
//! ```text
//! conformance-target --listen 127.0.0.1:8080 --store sqlite:/var/tmp/idem.db --effects /var/tmp/effects
//! curl -i -H 'X-Account: ada' -H 'Idempotency-Key: k1' --json '{"amount":7}' http://127.0.0.1:8080/pay
//! curl http://127.0.0.1:8080/effects
//! ```
//!
//! Every `POST` route is an ordinary `#[idempotent]` handler. Each run leaves an effect that `/effects` counts, so
//! that a suite need not believe what the answers say. Exit code 2: an option that this build does not have;
//! 1: the server could not start; 0: drained after SIGTERM.

mod account;
mod admin;
mod app;
mod args;
mod counts;
mod effects;
mod engine;
mod failure;
mod layers;
mod ledger;
mod object;
mod paid;
mod routes;
mod run;
mod server;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match server::serve(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("conformance-target: {failure}");
            failure.exit_code()
        }
    }
}
