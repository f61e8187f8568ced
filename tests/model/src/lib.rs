//! Every order in which crashes, pauses, delays and lost messages can meet the protocol, up to a bound.
//!
//! The worlds explored here drive `idem_core::protocol` itself: the same functions that the stores run decide every
//! claim, every end and every sweep. Around them the model has what the protocol cannot see: a database with row
//! locks and transactions, requests that arrive late or never, workers that stop anywhere, operators that change
//! their minds. [`check`] lets stateright visit all worlds of a [`Config`] and tells which [`Rule`] broke and how.
//!
//! That the rules can break is shown by [`Mutant`]s: each takes one guard out, and must be found.
//!
//! ```
//! use idem_model::{Config, Mutant, check};
//!
//! let two = Config { workers: 2, calls: 2, ticks: 1, ..Config::plain() };
//! let report = check(&two);
//! assert!(report.broken.is_empty() && report.states > 1_000);
//!
//! let broken = check(&Config { mutant: Some(Mutant::ReleaseDeletes), ..two });
//! assert!(broken.broken.iter().any(|found| found.rule == Mutant::ReleaseDeletes.breaks()));
//! ```

mod action;
mod check;
mod claiming;
mod config;
mod coverage;
mod database;
mod guards;
mod judge;
mod model;
mod moment;
mod mutant;
mod plain;
mod rule;
mod state;
mod symmetry;
mod tidy;
mod tx;
mod upkeep;

pub use check::{Found, Report, check};
pub use config::{Config, Form};
pub use coverage::Event;
pub use mutant::Mutant;
pub use rule::Rule;
