//! Explores all worlds of a configuration.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use crate::config::Config;
use crate::coverage::{Coverage, Event};
use crate::guards::Guards;
use crate::model::Explored;
use crate::rule::Rule;

/// What an exploration came to.
#[derive(Debug)]
pub struct Report {
    /// How many worlds differ.
    pub states: usize,
    /// How many steps were taken.
    pub steps: usize,
    /// How long the longest way to a world is, among the shortest.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The rules that broke. The search ends soon after the first, or with a mutant after the one that it is about.
    pub broken: Vec<Found>,
    /// What happened on the way.
    pub seen: Vec<Event>,
}

/// A rule that broke, and the way there.
#[derive(Debug)]
pub struct Found {
    /// The rule.
    pub rule: Rule,
    /// The steps to the violation. With symmetry on, calls change their numbers between them.
    pub way: Vec<String>,
}

/// Visits every world that `config` allows, breadth first, until a rule breaks: with a mutant, the one that it is about.
///
/// # Panics
/// If the model itself panics, which is a defect of the model.
#[must_use]
pub fn check(config: &Config) -> Report {
    let begun = Instant::now();
    let coverage = Arc::new(Coverage::default());
    let model =
        Explored { config: config.clone(), guards: Guards(config.mutant), coverage: Arc::clone(&coverage) };
    // A mutant may break another rule on its way to the one that it is about.
    let enough = match config.mutant {
        Some(mutant) => HasDiscoveries::AllOf([mutant.breaks().name()].into()),
        None => HasDiscoveries::AnyFailures,
    };
    let checker = model.checker().threads(config.threads).finish_when(enough).spawn_bfs().join();
    // Before the ways are walked once more.
    let seen = coverage.seen();
    let broken = Rule::ALL
        .into_iter()
        .filter_map(|rule| {
            let way = checker.discovery(rule.name())?.into_actions();
            Some(Found { rule, way: way.iter().map(|action| format!("{action:?}")).collect() })
        })
        .collect();
    Report {
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
        took: begun.elapsed(),
        broken,
        seen,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, steps, depth, took, broken, seen } = self;
        writeln!(f, "{states} states by {steps} steps, {depth} deep, in {:.1} s", took.as_secs_f64())?;
        writeln!(f, "seen: {seen:?}")?;
        for Found { rule, way } in broken {
            writeln!(f, "BROKEN {}, after", rule.name())?;
            way.iter().try_for_each(|step| writeln!(f, "  {step}"))?;
        }
        Ok(())
    }
}
