//! Kinds are built in turn, round after round, so that what disturbs one disturbs the others.

use std::collections::HashMap;

use crate::Failure;
use crate::args::Args;
use crate::build::{Profile, Task, Workspace};
use crate::size;

/// What one round measured of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Seconds of `cargo build`.
    pub(crate) build: f64,
    /// Seconds of `cargo check`.
    pub(crate) check: f64,
    /// Bytes of machine code, if they could be counted.
    pub(crate) text: Option<f64>,
}

/// The samples of one round, by the names of the kinds.
pub(crate) type Round = HashMap<String, Sample>;

/// Builds all kinds once for the dependencies, which is not counted, and then in every round.
pub(crate) fn run(workspace: &Workspace, args: &Args, profile: Profile) -> Result<Vec<Round>, Failure> {
    for kind in &args.kinds {
        eprintln!("{}, {}: the first time, not counted", profile.name(), kind.name());
        workspace.prepare(Task::Build, *kind, profile)?;
        workspace.prepare(Task::Check, *kind, profile)?;
    }
    let texts = texts(workspace, args, profile);
    let mut rounds = Vec::new();
    for number in 0..args.rounds {
        let mut round = Round::new();
        for at in 0..args.kinds.len() {
            // Each begins a round in its turn.
            let kind = args.kinds[(at + number) % args.kinds.len()];
            let build = workspace.time(Task::Build, kind, profile)?;
            let check = workspace.time(Task::Check, kind, profile)?;
            let text = texts.get(&kind.name()).copied();
            eprintln!("{}, {}: build {build:.2} s, check {check:.2} s", profile.name(), kind.name());
            round.insert(kind.name(), Sample { build, check, text });
        }
        rounds.push(round);
    }
    Ok(rounds)
}

/// The sizes of all programs. They do not change from build to build.
fn texts(workspace: &Workspace, args: &Args, profile: Profile) -> HashMap<String, f64> {
    let mut texts = HashMap::new();
    for kind in &args.kinds {
        match size::text(&workspace.binary(*kind, profile)) {
            #[allow(clippy::cast_precision_loss)]
            Ok(bytes) => drop(texts.insert(kind.name(), bytes as f64)),
            Err(failure) => {
                eprintln!("WARNING: THE SIZE OF {} IS NOT KNOWN, its cells say ?: {failure}", kind.name());
            }
        }
    }
    texts
}
