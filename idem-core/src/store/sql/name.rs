//! The name of a table, checked so that it can stand in a statement.

use std::fmt;

use crate::store::{StoreError, StoreErrorKind};

/// A table, in a schema if one is named. Shown as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct TableName {
    schema: Option<Box<str>>,
    /// Where a table without a named schema is.
    place: Option<Box<str>>,
    table: Box<str>,
}

/// So that what is derived from it, `…_finish` for example, fits into the 63 bytes of PostgreSQL and 64 of MySQL.
const LONGEST: usize = 40;

impl TableName {
    /// Of `table` or `schema.table`; each part is a lower-case letter or underscore, then letters, digits and
    /// underscores, at most 40 in all.
    pub(in crate::store) fn parse(name: &str) -> Result<Self, StoreError> {
        let (schema, table) = match name.split_once('.') {
            Some((schema, table)) => (Some(schema), table),
            None => (None, name),
        };
        for part in [Some(table), schema].into_iter().flatten() {
            if !is_identifier(part) {
                return Err(StoreError::new(
                    StoreErrorKind::Misconfigured,
                    format!(
                        "{part:?} cannot name a table or schema: use 1 to {LONGEST} of a-z, 0-9 and _, not beginning \
                         with a digit"
                    ),
                ));
            }
        }
        Ok(Self { schema: schema.map(Into::into), place: None, table: table.into() })
    }

    /// The same table, which the database looks for in `schema` (MySQL: database) if none was named: every statement
    /// then says so, and it does not matter where its session looks.
    ///
    /// # Errors
    /// The name of the schema cannot stand in a template.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(in crate::store) fn placed(self, schema: Option<&str>) -> Result<Self, StoreError> {
        if self.schema.is_none()
            && schema.is_some_and(|name| name.contains(['{', '}', '\0']) || name.contains("$$"))
        {
            return Err(StoreError::new(
                StoreErrorKind::Misconfigured,
                format!(
                    "the table {self} would be in {schema:?}, whose name has a brace or `$$`: put it into another schema"
                ),
            ));
        }
        Ok(Self { place: schema.map(Into::into), ..self })
    }

    /// The schema, where one is known, and the table, for a query of the catalogue.
    pub(in crate::store) fn parts(&self) -> (Option<&str>, &str) {
        (self.schema.as_deref().or(self.place.as_deref()), &self.table)
    }

    /// Fills in a statement: `{table}` becomes the name, `{table_x}` that of a companion in the same schema, `{name}`
    /// the bare name for what cannot be put into a schema. Behind a `'` it is part of a literal, which must begin with
    /// `E`.
    pub(in crate::store) fn fill(&self, template: &str, quote: char) -> String {
        let doubled = |text: &str, what: char| text.replace(what, &format!("{what}{what}"));
        let of = |suffix: &str| {
            let table = format!("{quote}{}{suffix}{quote}", self.table);
            match self.parts().0 {
                Some(schema) => format!("{quote}{}{quote}.{table}", doubled(schema, quote)),
                None => table,
            }
        };
        let mut filled = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{table") {
            filled.push_str(before);
            let (suffix, after) = after.split_once('}').unwrap_or(("", after));
            let name = of(suffix);
            filled.push_str(&if before.ends_with('\'') {
                doubled(&doubled(&name, '\\'), '\'')
            } else {
                name
            });
            rest = after;
        }
        filled.push_str(rest);
        filled.replace("{name}", &self.table)
    }
}

fn is_identifier(part: &str) -> bool {
    let begins = part.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let goes_on = part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    begins && goes_on && part.len() <= LONGEST
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.table),
            None => f.write_str(&self.table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_no_escape_is_a_name() {
        for good in ["idem_record", "shop.idem", "_x9", "order"] {
            assert_eq!(TableName::parse(good).unwrap().to_string(), good);
        }
        let long = "a".repeat(41);
        for bad in
            ["", ".", "a.", ".a", "a.b.c", "Idem", "9a", "a b", "a\"b", "a`b", "a;b", "é", "a-b", &long]
        {
            assert_eq!(TableName::parse(bad).unwrap_err().kind(), StoreErrorKind::Misconfigured, "{bad}");
        }
    }

    #[test]
    fn templates_are_filled_in() {
        let name = TableName::parse("shop.idem").unwrap();
        let filled = name.fill("SELECT {table_claim}() FROM {table} USING {name}", '"');
        assert_eq!(filled, "SELECT \"shop\".\"idem_claim\"() FROM \"shop\".\"idem\" USING idem");
        let name = TableName::parse("idem").unwrap();
        assert_eq!(name.fill("{table}", '`'), "`idem`");
    }

    #[test]
    fn a_table_is_named_with_the_schema_in_which_it_was_found() {
        let name = |text: &str, place| TableName::parse(text).unwrap().placed(place);
        let found = name("idem", Some("My shop")).unwrap();
        assert_eq!(found.fill("{table_load}", '"'), "\"My shop\".\"idem_load\"");
        assert_eq!(found.parts(), (Some("My shop"), "idem"));
        assert_eq!(found.to_string(), "idem");
        assert_eq!(name("shop.idem", Some("other{")).unwrap().fill("{table}", '"'), "\"shop\".\"idem\"");
        let odd = name("idem", Some("a\"b'c\\d$e?")).unwrap();
        assert_eq!(odd.fill("{table}", '"'), "\"a\"\"b'c\\d$e?\".\"idem\"");
        assert_eq!(odd.fill("E'{table}'", '"'), "E'\"a\"\"b''c\\\\d$e?\".\"idem\"'");
        for odd in ["{table}", "}", "\0", "a$$b"] {
            assert_eq!(name("idem", Some(odd)).unwrap_err().kind(), StoreErrorKind::Misconfigured, "{odd}");
        }
    }
}
