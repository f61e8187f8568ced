//! Tests of the whole of idem; see the README beside this package's manifest.

pub mod matrix;

/// The Rust blocks of the READMEs, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../idem-core/README.md")]
#[doc = include_str!("../../idem-client/README.md")]
#[doc = include_str!("../../idem-macros/README.md")]
#[doc = include_str!("../kit/README.md")]
#[derive(Debug)]
pub struct Readme;
