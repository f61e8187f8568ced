//! Statements about many records.
//!
//! Their texts vary with the number of records, and a connection keeps what it has prepared by its text. So there are
//! only a few sizes. A batch takes the next size, and repeats its last record, or one that does not exist, until it is
//! full.

use std::sync::OnceLock;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// At most a third of a statement is filling.
const SIZES: [usize; 16] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

/// The most that a statement takes.
pub(super) const MOST: usize = 256;

/// A statement with a part that is repeated for each record.
#[derive(Debug)]
pub(super) struct Many {
    before: String,
    each: String,
    between: &'static str,
    after: String,
    /// By size, made when first needed.
    texts: [OnceLock<SqlStr>; SIZES.len()],
}

impl Many {
    /// `template` is the text with the repeated part in `«»`.
    pub(super) fn new(template: &str, between: &'static str) -> Self {
        let (before, rest) = template.split_once('«').unwrap_or((template, ""));
        let (each, after) = rest.split_once('»').unwrap_or((rest, ""));
        Self {
            before: before.to_owned(),
            each: each.to_owned(),
            between,
            after: after.to_owned(),
            texts: Default::default(),
        }
    }

    /// The text for `count` records, and for how many it is.
    pub(super) fn text(&self, count: usize) -> (SqlStr, usize) {
        let at = SIZES.partition_point(|size| *size < count).min(SIZES.len() - 1);
        let size = SIZES.get(at).copied().unwrap_or(MOST);
        let text = match self.texts.get(at) {
            Some(text) => text.get_or_init(|| self.write(size)).clone(),
            None => self.write(size),
        };
        (text, size)
    }

    fn write(&self, size: usize) -> SqlStr {
        let each = vec![self.each.as_str(); size].join(self.between);
        // Made of constants and a name that `TableName` has checked.
        AssertSqlSafe(format!("{}{each}{}", self.before, self.after)).into_sql_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_and_few() {
        let many = Many::new("IN («?»)", ", ");
        let (text, size) = many.text(5);
        assert_eq!((text.as_str(), size), ("IN (?, ?, ?, ?, ?, ?)", 6));
        for count in 1..=MOST {
            let (_, size) = many.text(count);
            assert!(size >= count && (size < 4 || size * 2 < count * 3), "{count} in {size}");
        }
    }
}
