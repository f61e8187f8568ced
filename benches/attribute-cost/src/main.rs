//! What `#[idempotent]` costs the user's build: time and size, beside the same code without it.
//!
//! ```text
//! cargo run --manifest-path benches/attribute-cost/Cargo.toml -- [--handlers 200] [--rounds 3] [--release]
//!     [--only KIND]... [--jobs N] [--cpu] [--keep]
//! ```
//!
//! It generates crates of many functions, each different from the others, and has Cargo build them: each [form] of
//! function without idem, with an `Idem` that is made but not used, and with the attribute. What the crates depend on is
//! the same, and is built before. Needs the dependencies of the workspace in Cargo's cache, as a build of the workspace
//! leaves them there: it works offline.
//!
//! Times on shared machines drift, so all kinds are built in turn, in every round, and the figure to quote is the
//! median of the ratios within a round.
//!
//! [form]: kind::Form
//!
//! - `--only` takes a form (`axum`, `tx`, `plain`) or a kind (`axum-idempotent`), and may be repeated. The bare kind is
//!   built in any case.
//! - `--cpu` counts processor time instead of the time one waits. Take it where others use the machine.
//! - `--jobs` is handed to Cargo.
//! - `--keep` leaves the generated crates under `target/generated`.

mod args;
mod build;
mod clock;
mod generate;
mod kind;
mod measure;
mod size;
mod stats;
mod table;

use std::process::ExitCode;

use crate::args::Args;
use crate::build::{Profile, Workspace};

/// What can end the program early.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("attribute-cost: {failure}");
            ExitCode::from(2)
        }
    }
}

fn work() -> Result<(), Failure> {
    let Some(args) = Args::parse(std::env::args().skip(1))? else {
        println!("{}", args::USAGE);
        return Ok(());
    };
    let workspace = Workspace::generate(&args)?;
    let profiles = if args.release { &[Profile::Dev, Profile::Release][..] } else { &[Profile::Dev] };
    for profile in profiles {
        let rounds = measure::run(&workspace, &args, *profile)?;
        let (profile, clock) = (profile.name(), args.clock.name());
        println!("\n{} functions, {} rounds, profile {profile}, {clock}\n", args.handlers, args.rounds);
        print!("{}", table::markdown(&args.kinds, &rounds));
    }
    if args.keep {
        println!("\nThe generated crates are in {}", workspace.root().display());
    } else {
        workspace.remove()?;
    }
    Ok(())
}
