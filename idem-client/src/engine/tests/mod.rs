//! The engine in simulated time: no test here sleeps.

mod classification;
mod endings;
mod hints;
mod polls;
mod properties;
mod simulation;
