//! The long form: `cargo run --release -p idem-model -- --transactions --workers 3 --keys 2`.

use std::process::ExitCode;

use clap::Parser;
use idem_model::{Config, Form, Mutant, check};

/// Explores every order of crashes, pauses, delays and lost messages around idem's protocol.
#[derive(Debug, Parser)]
struct Options {
    /// Where the effect is; without it, every form in turn.
    #[arg(long)]
    form: Option<Form>,
    /// The same as --form tx.
    #[arg(long)]
    transactions: bool,
    /// How many calls are under way at the same time.
    #[arg(long)]
    workers: Option<usize>,
    /// How many calls there are in all; as many as workers, and at least three, if not given.
    #[arg(long)]
    calls: Option<usize>,
    /// How many keys, which is also how many scopes.
    #[arg(long, default_value_t = 1)]
    keys: usize,
    /// How often the store's clock moves on by a lease.
    #[arg(long, default_value_t = 2)]
    ticks: u8,
    /// How many requests may be under way, unheard of, at the same time.
    #[arg(long, default_value_t = 1)]
    late: usize,
    /// How many calls say something else under the same key.
    #[arg(long, default_value_t = 1)]
    others: usize,
    /// Operators drop no records.
    #[arg(long)]
    no_forget: bool,
    /// Take a guard out.
    #[arg(long)]
    mutant: Option<Mutant>,
    /// How many threads explore; one finds the shortest way.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

impl Options {
    fn config(&self, form: Form) -> Config {
        let base = match form {
            Form::Plain => Config::plain(),
            Form::Steps => Config::steps(),
            Form::Tx => Config::tx(),
        };
        let workers = self.workers.unwrap_or(base.workers);
        Config {
            workers,
            calls: self.calls.unwrap_or_else(|| workers.max(base.calls)),
            keys: self.keys,
            ticks: self.ticks,
            late: self.late,
            others: self.others,
            beside: self.mutant.is_some_and(|mutant| mutant.config().beside),
            outlive: self.mutant.is_some_and(|mutant| mutant.config().outlive),
            forget: !self.no_forget,
            symmetry: self.mutant.is_none(),
            mutant: self.mutant,
            threads: self.threads,
            ..base
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let forms = match (options.form, options.transactions) {
        (Some(form), _) => vec![form],
        (None, true) => vec![Form::Tx],
        (None, false) => vec![Form::Plain, Form::Steps, Form::Tx],
    };
    let mut kept = true;
    for form in forms {
        let report = check(&options.config(form));
        println!("{form:?}: {report}");
        kept &= report.broken.is_empty();
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
