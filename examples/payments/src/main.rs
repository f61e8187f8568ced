//! A payment API, a faulty network and many callers in one process: first without idem, then with.
//!
//! ```text
//! cargo run --release -p payments                     # the demonstration
//! cargo run --release -p payments -- --lose-reply 0.3 # on a worse network
//! cargo run --release -p payments -- --serve          # only the API, to try with curl
//! ```
//!
//! The [API](api) charges cards at a [bank] that keeps its own ledger. Between it and the [callers](caller) stands a
//! [network] that loses requests, loses replies after the API has acted, repeats, delays and resets, by a seed. Callers
//! hang up at random moments and come back. In the end each caller's word is [held against](audit) the bank's ledger. Exit status: 0 if with idem no
//! payment was charged twice or left uncharged, and no caller was told something untrue or left without an answer; 1 if not; 2 if the demonstration itself failed.
//!
//! Both kinds of caller send a payment equally often in one go; [caller] says what a key makes possible after that.
//!
//! The same seed gives the n-th request the same fate, and the n-th charge of an order the same luck at the bank. The
//! callers run at the same time, so which of them sends the n-th request differs from run to run, and the counts with
//! it by a little.

mod api;
mod args;
mod audit;
mod bank;
mod caller;
mod chance;
mod database;
mod demo;
mod metrics;
mod network;
mod plan;
mod progress;
mod report;
mod run;
mod serve;
mod server;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::Args;
use crate::report::Verdict;

/// What can end the program early.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    // Silent unless asked: on this network every caller would have much to say.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match work(args).await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("payments: {failure}");
            ExitCode::from(2)
        }
    }
}

async fn work(args: Args) -> Result<ExitCode, Failure> {
    if let Some(address) = args.serve {
        serve::serve(address, args.db).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let progress = args.progress();
    let report = demo::demonstrate(&args.plan()?, progress).await?;
    println!("{report}");
    Ok(match report.verdict() {
        Verdict::Kept => ExitCode::SUCCESS,
        Verdict::Broken => ExitCode::from(1),
    })
}
