//! The bounded form of the model, and the guards without which it must not hold.

mod bounded;
mod mutants;
