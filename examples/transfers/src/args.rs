//! The command line.

use std::num::{NonZeroU64, NonZeroUsize};

use clap::{Parser, Subcommand};

use crate::place::Place;
use crate::plan::{Mode, Plan};
use crate::progress::Progress;

/// Moves money through two servers that are killed again and again, and checks every cent.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// The database: sqlite:PATH, postgres://… or mysql://…. The tables `transfers_account` and `transfers_ledger` are
    /// dropped there and made anew. Default: a temporary SQLite file.
    #[arg(long, value_name = "PLACE")]
    store: Option<Place>,
    /// How many transfers are wanted.
    #[arg(long, default_value = "10000")]
    transfers: NonZeroU64,
    /// How many callers work at the same time.
    #[arg(long, default_value = "32")]
    callers: NonZeroUsize,
    /// The seed of who pays whom how much, of what is sent twice, and of which server dies after how many answers.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// After how many answered transfers, on average, a server is killed.
    #[arg(long, value_name = "TRANSFERS", default_value = "200")]
    kills_every: NonZeroU64,
    /// The share of transfers that are sent twice at the same time.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.1)]
    duplicates: f64,
    /// The same handler without `#[idempotent]`, for contrast.
    #[arg(long)]
    without_idem: bool,
    /// Shows no progress bar. None is shown either when standard error is no terminal.
    #[arg(long)]
    no_progress: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// One of the two servers.
    #[command(hide = true)]
    Serve(Serving),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serving {
    #[arg(long)]
    pub(crate) store: Place,
    /// Keeps the records of one demonstration apart from those of others in the same database.
    #[arg(long)]
    pub(crate) namespace: String,
    #[arg(long)]
    without_idem: bool,
}

impl Args {
    /// The demonstration that was asked for.
    pub(crate) fn plan(self) -> std::io::Result<Plan> {
        Ok(Plan {
            place: self.store.map_or_else(Place::temporary, Ok)?,
            transfers: self.transfers.get(),
            callers: self.callers.get(),
            seed: self.seed,
            kills_every: self.kills_every.get(),
            duplicates: self.duplicates,
            mode: mode(self.without_idem),
            progress: if self.no_progress { Progress::Hidden } else { Progress::Bar },
        })
    }
}

impl Serving {
    pub(crate) fn mode(&self) -> Mode {
        mode(self.without_idem)
    }
}

fn mode(without_idem: bool) -> Mode {
    if without_idem { Mode::WithoutIdem } else { Mode::WithIdem }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn only_what_makes_sense_is_taken() {
        for wrong in
            ["--store redis://h", "--store nowhere", "--transfers 0", "--kills-every 0", "--duplicates 2"]
        {
            assert!(parsed(&format!("transfers {wrong}")).is_err(), "{wrong}");
        }
        assert!(parsed("transfers --store mysql://h/d --without-idem").is_ok());
    }
}
