//! Values of serde's data model as bytes that say what they are, for results that JSON cannot tell apart.
//!
//! `Some(None)` and `None`, `Some(())` and `None` are both `null` in JSON; NaN and the infinities are `null` too; a map
//! has text keys only; and a float of 17 digits comes back one bit off unless `serde_json` is built with
//! `float_roundtrip`. Here each has a form of its own.
//!
//! Names are kept and newtypes are transparent, as in JSON, so a type may change as it may with JSON.

mod compare;
mod fault;
mod float;
mod read;
mod tag;
mod write;

pub(super) use compare::same;
pub(super) use read::read;
pub(super) use write::write;
