//! Money transfers by two server processes on one database, of which now one, now the other is killed with `kill -9`.
//!
//! ```text
//! cargo run --release -p transfers                                       # ten thousand, in an SQLite file
//! cargo run --release -p transfers -- --store postgres://app@localhost/shop
//! cargo run --release -p transfers -- --without-idem                     # what the same callers do to a plain API
//! ```
//!
//! The [API](api) moves money in one transaction with the record of its idempotency key: `#[tx]`. Callers use
//! `idem-client` and one address, a [door] before the two servers. The [killer] takes a server away in the middle of
//! its work, again and again, and starts it anew; what its callers had under way, `idem-client` sends again with the
//! same key, and it reaches the other one. Some requests are sent twice at once, on purpose.
//!
//! In the end each transfer is asked for once more, the [books](bank::Books) are read from the database, and all that
//! the callers were told is [held against](audit) them. Exit status: 0 if all of it is exact; 1 if not; 2 if the
//! demonstration itself failed.

mod api;
mod args;
mod audit;
mod bank;
mod caller;
mod door;
mod killer;
mod place;
mod plan;
mod progress;
mod report;
mod run;
mod serve;
mod server;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Args, Command};
use crate::bank::Bank;
use crate::place::Kind;
use crate::plan::Plan;
use crate::report::Verdict;

/// What can end the program early.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    // Silent unless asked: with servers that are killed, there would be much to say.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match work(args).await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("transfers: {failure}");
            ExitCode::from(2)
        }
    }
}

async fn work(args: Args) -> Result<ExitCode, Failure> {
    match args.command {
        Some(Command::Serve(serving)) => {
            match serving.store.kind() {
                Kind::Sqlite => serve::serve::<sqlx::Sqlite>(&serving).await?,
                Kind::Postgres => serve::serve::<sqlx::Postgres>(&serving).await?,
                Kind::MySql => serve::serve::<sqlx::MySql>(&serving).await?,
            }
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let plan = args.plan()?;
            match plan.place.kind() {
                Kind::Sqlite => demonstrate::<sqlx::Sqlite>(&plan).await,
                Kind::Postgres => demonstrate::<sqlx::Postgres>(&plan).await,
                Kind::MySql => demonstrate::<sqlx::MySql>(&plan).await,
            }
        }
    }
}

async fn demonstrate<Db: Bank>(plan: &Plan) -> Result<ExitCode, Failure> {
    let report = run::run::<Db>(plan).await?;
    println!("{report}");
    Ok(match report.verdict() {
        Verdict::Exact => ExitCode::SUCCESS,
        Verdict::Wrong => ExitCode::from(1),
    })
}
