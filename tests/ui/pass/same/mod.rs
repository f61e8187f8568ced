//! The same function with and without the attribute. Each row is a function that a macro emits once bare and once for
//! each form of the attribute, see [`rows`]. What it did, which of its values were dropped and when, is a trace, and
//! the traces are compared. The row says what the trace is, so that one can read the rules here.
//!
//! Where the attribute rightly differs, the row says both: a caller that hangs up leaves the body of a handler running,
//! a panic in a handler is answered, and a body that may run again works on copies.
//!
//! `tests/edition-2021` compiles these files a second time, under the rules of that edition.

// First, for the others use its macros.
#[macro_use]
mod rows;

mod arguments;
mod body;
mod diverging;
mod hang_up;
mod output;
mod panics;
mod patterns;
mod receivers;
mod retries;
mod sizes;
mod table;
mod tail;
mod trace;
mod values;
