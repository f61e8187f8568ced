//! Processes of your service that die, stand still or panic at a chosen point. Unix only.
//!
//! # The points
//!
//! Every step of idem's engine has a point before it and one after it: [`ALL`] lists them, and [`points`] says what each
//! is. They come in groups, by what a process is at: `engine.*` is the call of an operation, from the look for its key
//! to the end of its record; `axum.*` and `plain.*` are the handlers of the two forms; `tx.*` is a `#[tx]` handler's
//! transaction; `keeper.*` is renewing and sweeping; `unclaimed.*` and `drain.*` are callers that leave and a shutdown;
//! `verify.*` and `operator.*` are hooks and orders. Your own code can have points as well, by [`idem_core::fault::reach`]:
//! an empty function that the compiler removes, unless the feature `fault-points` of idem-core is on.
//!
//! # The environment
//!
//! A process reads `IDEM_FAULT` when it reaches its first point. `engine.complete.after=kill@2` strikes when that point is
//! reached for the second time: the process kills itself with SIGKILL, so that no destructor runs and nothing is flushed.
//! `freeze` is SIGSTOP, with which all threads stand still until SIGCONT; `panic` is a panic of the thread that is there.
//! A point of your own is written `own:NAME`. The process says so in one line on its standard error before it acts: a
//! [`Mark`].
//!
//! # From a test
//!
//! [`Victim::start`] starts a command under one [`Strike`], and [`Victim::outcome`] waits until it has struck. Nothing here
//! waits for a span of time: the wait ends with the mark, or with the process. The command is the service itself, and not
//! a shell or `cargo run` that starts it: in an integration test, `env!("CARGO_BIN_EXE_my-service")`.
//!
//! ```standalone_crate
//! use std::process::Command;
//!
//! use idem_core::fault;
//! use idem_testing::faults::{Outcome, Process, Strike, Victim};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // This program is the service as well: in a test it is a program of its own.
//!     if std::env::var_os("IS_THE_SERVICE").is_some() {
//!         fault::reach("charge.bank"); // a point in a handler
//!         return Ok(());
//!     }
//!     let mut command = Command::new(std::env::current_exe()?);
//!     command.env("IS_THE_SERVICE", "1");
//!
//!     let mut victim = Victim::start(&mut command, &Strike::kill("own:charge.bank"))?;
//!     // A test sends its request here. Its connection breaks.
//!     let outcome = victim.outcome()?;
//!     assert!(matches!(outcome, Outcome::Killed(_)), "{outcome:?}");
//!
//!     // The next one is started without the fault. A test sends the same request to it.
//!     assert!(Process::spawn(&mut command)?.wait()?.success());
//!     Ok(())
//! }
//! ```
//!
//! The example `killed_in_handler` of this package is such a test, whole: `cargo run -p idem-testing --example
//! killed_in_handler`.

mod mark;
mod outcome;
mod process;
mod strike;
mod victim;

pub use idem_core::fault::{ALL, points};

pub use mark::{Act, Mark};
pub use outcome::{NotStruck, Outcome};
pub use process::Process;
pub use strike::Strike;
pub use victim::Victim;
