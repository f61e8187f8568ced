//! An answer that does not read as what was asked for.

use std::fmt;

use serde_json::error::Category;

/// The body of an answer is not JSON, or not JSON of the expected shape. Says where, and never what stands there: the
/// text of [`serde_json::Error`] quotes values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    shape: bool,
    line: usize,
    column: usize,
}

impl NotJson {
    /// True if it is JSON, but not of the expected shape.
    #[must_use]
    pub fn is_of_another_shape(&self) -> bool {
        self.shape
    }

    /// The line, from 1; 0 where the reader does not know it.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in bytes, from 1; 0 where the reader does not know it.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

impl From<serde_json::Error> for NotJson {
    fn from(error: serde_json::Error) -> Self {
        let shape = error.classify() == Category::Data;
        Self { shape, line: error.line(), column: error.column() }
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, .. } = self;
        let what = if self.shape { "not JSON of the expected shape" } else { "not JSON" };
        write!(f, "the body is {what}, at line {line} column {column}")
    }
}

impl std::error::Error for NotJson {}
