//! The arguments of a function in the database, bound or written out.
//!
//! Bound, in binary form, by way of a prepared statement. Written out, as one message that needs no prepared
//! statement, for a pooler that may hand every message to another connection. All text is written as hexadecimal
//! digits, so no input can end a literal.

use std::fmt::Write as _;

use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

use crate::protocol::Claim;
use crate::store::remote::driver::{Change, micros};
use crate::store::sql::{Row, columns, known_number};

#[derive(Debug)]
pub(super) enum Arg<'a> {
    Bytes(Option<&'a [u8]>),
    Text(Option<&'a str>),
    Big(Option<i64>),
    Int(Option<i32>),
    Small(Option<i16>),
    AllBytes(Vec<&'a [u8]>),
    AllTexts(Vec<&'a str>),
    AllBig(Vec<Option<i64>>),
    AllSmall(Vec<i16>),
}

impl Arg<'_> {
    pub(super) fn bind<'q>(
        &self,
        query: Query<'q, Postgres, PgArguments>,
    ) -> Query<'q, Postgres, PgArguments> {
        match self {
            Self::Bytes(value) => query.bind(*value),
            Self::Text(value) => query.bind(*value),
            Self::Big(value) => query.bind(*value),
            Self::Int(value) => query.bind(*value),
            Self::Small(value) => query.bind(*value),
            Self::AllBytes(values) => query.bind(values.as_slice()),
            Self::AllTexts(values) => query.bind(values.as_slice()),
            Self::AllBig(values) => query.bind(values.as_slice()),
            Self::AllSmall(values) => query.bind(values.as_slice()),
        }
    }

    pub(super) fn write(&self, sql: &mut String) {
        match self {
            Self::Bytes(value) => one(sql, *value, bytes, "bytea"),
            Self::Text(value) => one(sql, *value, text, "text"),
            Self::Big(value) => one(sql, *value, number, "bigint"),
            Self::Int(value) => one(sql, *value, number, "integer"),
            Self::Small(value) => one(sql, *value, number, "smallint"),
            Self::AllBytes(values) => all(sql, values.iter().map(|value| Some(*value)), bytes, "bytea"),
            Self::AllTexts(values) => all(sql, values.iter().map(|value| Some(*value)), text, "text"),
            Self::AllBig(values) => all(sql, values.iter().copied(), number, "bigint"),
            Self::AllSmall(values) => all(sql, values.iter().map(|value| Some(*value)), number, "smallint"),
        }
    }
}

/// What a new record says, in the order of its columns.
pub(super) fn of_claim(claim: &Claim) -> [Arg<'_>; 11] {
    let (retention, lease, namespace) = columns(Some(&claim.terms));
    [
        Arg::Big(Some(micros(claim.lease))),
        Arg::Bytes(Some(claim.address.as_bytes())),
        Arg::Bytes(Some(claim.nonce.as_bytes())),
        Arg::Small(Some(known_number(claim.after_crash))),
        Arg::Small(Some(claim.fingerprint.recipe().into())),
        Arg::Bytes(Some(claim.fingerprint.digest())),
        Arg::Text(Some(claim.label.as_str())),
        Arg::Text(Some(claim.key_hint.as_str())),
        Arg::Big(Some(retention)),
        Arg::Big(Some(lease)),
        Arg::Text(Some(namespace)),
    ]
}

fn one<T>(sql: &mut String, value: Option<T>, write: impl Fn(&mut String, T), of: &str) {
    match value {
        Some(value) => write(sql, value),
        None => sql.push_str("NULL"),
    }
    sql.push_str("::");
    sql.push_str(of);
}

fn all<T>(
    sql: &mut String,
    values: impl Iterator<Item = Option<T>>,
    write: impl Fn(&mut String, T),
    of: &str,
) {
    sql.push_str("ARRAY[");
    for (at, value) in values.enumerate() {
        if at > 0 {
            sql.push(',');
        }
        one(sql, value, &write, of);
    }
    sql.push_str("]::");
    sql.push_str(of);
    sql.push_str("[]");
}

/// Means the same under both values of `standard_conforming_strings`, and the server warns of no backslash.
const BEGIN: &str = "E'\\\\x";

fn bytes(sql: &mut String, value: &[u8]) {
    sql.push_str(BEGIN);
    hex(sql, value);
    sql.push('\'');
}

fn text(sql: &mut String, value: &str) {
    sql.push_str("convert_from(");
    sql.push_str(BEGIN);
    hex(sql, value.as_bytes());
    sql.push_str("','UTF8')");
}

fn number(sql: &mut String, value: impl Into<i64>) {
    // Writing to a string does not fail. In parentheses, because a cast binds tighter than a sign.
    let _written = write!(sql, "({})", value.into());
}

fn hex(sql: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    sql.reserve(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            sql.push(DIGITS.get(usize::from(half)).copied().unwrap_or(b'0').into());
        }
    }
}

/// Of a change: the record as it was read, and as it must be.
pub(super) fn of_change(change: &Change) -> [Arg<'_>; 21] {
    let old = Row::of(&change.before);
    let new = change.after.as_deref().map(Row::of);
    let new = new.as_ref();
    [
        Arg::Bytes(Some(&change.address.as_bytes()[..])),
        Arg::Small(Some(old.state)),
        Arg::Big(Some(old.fence)),
        Arg::Bytes(Some(old.nonce)),
        Arg::Big(Some(old.until)),
        Arg::Small(new.map(|row| row.state)),
        Arg::Big(new.map(|row| row.fence)),
        Arg::Bytes(new.map(|row| row.nonce)),
        Arg::Big(new.map(|row| row.until)),
        Arg::Int(new.map(|row| row.attempts)),
        Arg::Small(new.map(|row| row.after_crash)),
        Arg::Small(new.map(|row| row.recipe)),
        Arg::Bytes(new.map(|row| row.digest)),
        Arg::Big(new.map(|row| row.created)),
        Arg::Text(new.map(|row| row.label)),
        Arg::Text(new.map(|row| row.key_hint)),
        Arg::Bytes(new.map(|row| row.reply)),
        Arg::Text(new.map(|row| row.audit)),
        Arg::Big(new.map(|row| columns(row.terms).0)),
        Arg::Big(new.map(|row| columns(row.terms).1)),
        Arg::Text(new.map(|row| columns(row.terms).2)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(arg: &Arg<'_>) -> String {
        let mut sql = String::new();
        arg.write(&mut sql);
        sql
    }

    #[test]
    fn nothing_that_is_written_out_can_end_a_literal() {
        assert_eq!(written(&Arg::Text(Some("');--"))), r"convert_from(E'\\x27293b2d2d','UTF8')::text");
        assert_eq!(
            written(&Arg::AllBytes(vec![b"\x00'", b""])),
            r"ARRAY[E'\\x0027'::bytea,E'\\x'::bytea]::bytea[]"
        );
        assert_eq!(written(&Arg::AllBig(vec![Some(-1), None])), "ARRAY[(-1)::bigint,NULL::bigint]::bigint[]");
        assert_eq!(written(&Arg::AllSmall(vec![])), "ARRAY[]::smallint[]");
    }
}
