//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// One process of a crash history.
#[derive(Debug, Parser)]
#[command(name = "matrix-worker")]
pub(crate) struct Args {
    /// Where records live: `sqlite:PATH`, or the URL of a database.
    #[arg(long)]
    pub(crate) store: String,
    /// The file that takes what happens.
    #[arg(long)]
    pub(crate) history: PathBuf,
    /// How long a claim outlives its process, in milliseconds.
    #[arg(long)]
    pub(crate) lease: u64,
    /// How often abandoned records are looked for, in milliseconds.
    #[arg(long)]
    pub(crate) sweep: u64,
    /// How many bytes of replies are cached; 0 asks the store each time.
    #[arg(long)]
    pub(crate) cache: u64,
    /// A verify hook looks up the effects of unknown operations.
    #[arg(long)]
    pub(crate) verify: bool,
}
