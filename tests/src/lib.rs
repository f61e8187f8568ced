//! Tests of the whole of idem; see the README beside this package's manifest.

pub mod matrix;

/// The README's Rust blocks, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;
