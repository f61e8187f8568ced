//! How large a world is explored.

use std::time::Duration;

use crate::mutant::Mutant;

/// One step of the store's clock. A thousand fences fit into it, so that a key that is claimed again within it does
/// not run ahead of the clock.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// A lease, a retention: over at the next tick.
pub(crate) const LEASE: Duration = TICK;
/// How long done and released records live.
pub(crate) const RETENTION: Duration = TICK;
/// None: the sweeper moves a record on as soon as its lease is over, which is the worst for its owner.
pub(crate) const GRACE: Duration = Duration::ZERO;

/// Where the effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// In another system: claim and end are statements of their own.
    Plain,
    /// The same, as a step whose output is stored; an abandoned operation is resumed.
    Steps,
    /// In the store's database: claim, effect and completion share one transaction.
    Tx,
}

/// What is explored.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// Where the effect is.
    pub form: Form,
    /// How many calls are under way at the same time.
    pub workers: usize,
    /// How many calls there are in all. The last ones come when the first have ended or died.
    pub calls: usize,
    /// How many keys there are, which is also: how many scopes.
    pub keys: usize,
    /// How often the store's clock moves.
    pub ticks: u8,
    /// How many requests may be under way, unheard of, at the same time. Each may arrive more than once.
    pub late: usize,
    /// How many calls say something else under the same key.
    pub others: usize,
    /// Whether a claim may be asked a second time beside the first, whose answer is not heard.
    pub beside: bool,
    /// Whether a claim may be under way longer than its record lives.
    pub outlive: bool,
    /// Whether an operator drops records.
    pub forget: bool,
    /// Whether worlds that differ only in who is who count as one.
    pub symmetry: bool,
    /// The guard that is out.
    pub mutant: Option<Mutant>,
    /// How many threads explore. With one, what is found is a shortest way there.
    pub threads: usize,
}

impl Config {
    /// Three calls to one key, in the plain form, all at once.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            form: Form::Plain,
            workers: 3,
            calls: 3,
            keys: 1,
            ticks: 2,
            late: 1,
            others: 1,
            beside: false,
            outlive: false,
            forget: true,
            symmetry: true,
            mutant: None,
            threads: 2,
        }
    }

    /// The same with a step.
    #[must_use]
    pub fn steps() -> Self {
        Self { form: Form::Steps, ..Self::plain() }
    }

    /// Three calls to one key in transactions, two at once.
    #[must_use]
    pub fn tx() -> Self {
        Self { form: Form::Tx, workers: 2, ..Self::plain() }
    }
}
