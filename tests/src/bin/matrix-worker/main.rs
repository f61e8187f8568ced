//! A process of the crash matrix: makes the calls that it reads from its standard input, until it is killed, frozen or
//! its input ends. What happens goes to a history file that all processes of one history share, and to its standard
//! output. `IDEM_FAULT` arms its fault points.

mod app;
mod args;
mod history;
mod hook;
mod kinds;
mod obey;
mod store;

use std::io::BufRead;
use std::process::ExitCode;

use clap::Parser;
use idem_tests::matrix::{Event, Order};

use crate::app::App;
use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let app = match runtime.block_on(App::open(&args)) {
        Ok(app) => app,
        Err(error) => return failed(&*error),
    };
    history::report(&Event::Did);
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match serde_json::from_str::<Order>(&line) {
            Ok(order) => drop(runtime.spawn(obey::obey(app.clone(), order))),
            Err(error) => return failed(&error),
        }
    }
    // The test that gave orders is gone.
    std::process::exit(0)
}

fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("matrix-worker: {error}");
    ExitCode::FAILURE
}
