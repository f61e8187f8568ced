//! The command line.

use crate::Failure;
use crate::clock::Clock;
use crate::kind::{self, Kind};

/// What `--help` prints.
pub(crate) const USAGE: &str =
    "attribute-cost [--handlers 200] [--rounds 3] [--release] [--only KIND]... [--jobs N] [--cpu] [--keep]";

/// What is to be measured.
#[derive(Debug)]
pub(crate) struct Args {
    /// Functions in each generated crate.
    pub(crate) handlers: usize,
    /// How often each crate is built, besides the first time, which is not counted.
    pub(crate) rounds: usize,
    /// Whether the release profile is measured too.
    pub(crate) release: bool,
    /// Whether the generated crates stay.
    pub(crate) keep: bool,
    /// What time is.
    pub(crate) clock: Clock,
    /// What Cargo gets as `--jobs`.
    pub(crate) jobs: Option<usize>,
    /// In the order of the table. What a kind is compared with is always among them.
    pub(crate) kinds: Vec<Kind>,
}

impl Args {
    /// Reads the arguments; nothing if help is asked for.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, Failure> {
        let mut args = Self {
            handlers: 200,
            rounds: 3,
            release: false,
            keep: false,
            clock: Clock::Wall,
            jobs: None,
            kinds: Vec::new(),
        };
        let mut only = Vec::new();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--handlers" => args.handlers = number(&word, words.next())?,
                "--rounds" => args.rounds = number(&word, words.next())?,
                "--jobs" => args.jobs = Some(number(&word, words.next())?),
                "--only" => only.push(words.next().ok_or("--only needs a form or a kind")?),
                "--release" => args.release = true,
                "--cpu" => args.clock = Clock::Cpu,
                "--keep" => args.keep = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("{word} is not known\n{USAGE}").into()),
            }
        }
        args.kinds = kind::chosen(&only)?;
        Ok(Some(args))
    }
}

fn number(name: &str, word: Option<String>) -> Result<usize, Failure> {
    match word.and_then(|word| word.parse().ok()) {
        Some(number) if number > 0 => Ok(number),
        _ => Err(format!("{name} needs a number above 0").into()),
    }
}
