//! The two numbers of a schema, and what to say where they do not fit this code.
//!
//! A migration that only adds leaves the second number as it is, so that this version and the one before serve side by
//! side. One that takes something away raises it.

use super::TableName;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};

/// What a database says of its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Version {
    /// How many migrations were run; 0 where there is no table.
    pub(in crate::store) schema: usize,
    /// The oldest schema that a process may know which uses the table.
    pub(in crate::store) oldest: usize,
}

/// How a schema suits a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The code can use it as it is: it is the code's own, or a newer one that leaves room for it.
    Usable,
    /// Migrations are missing.
    Older,
    /// The schema leaves no room for this code.
    Newer,
}

impl Version {
    pub(in crate::store) const NONE: Self = Self { schema: 0, oldest: 0 };

    /// For code that knows the first `known` migrations.
    fn standing(self, known: usize) -> Standing {
        if self.oldest > known {
            Standing::Newer
        } else if self.schema < known {
            Standing::Older
        } else {
            Standing::Usable
        }
    }

    /// Whether migrations are missing; refuses a schema that leaves no room for this code.
    pub(in crate::store) fn is_older(self, known: usize, name: &TableName) -> Result<bool, DriverFault> {
        match self.standing(known) {
            Standing::Usable => Ok(false),
            Standing::Older => Ok(true),
            Standing::Newer => Err(newer(name)),
        }
    }

    /// Refuses a schema that is not usable as it is. `migrations` is what prints the SQL.
    pub(in crate::store) fn check(
        self,
        known: usize,
        name: &TableName,
        migrations: &str,
    ) -> Result<(), DriverFault> {
        match self.standing(known) {
            Standing::Usable => Ok(()),
            Standing::Newer => Err(newer(name)),
            Standing::Older if self.schema == 0 => Err(refused(
                StoreErrorKind::Misconfigured,
                format!(
                    "the database has no table {name} of idem's: run `{migrations}`, or let `open` migrate"
                ),
            )),
            Standing::Older => Err(refused(
                StoreErrorKind::Misconfigured,
                format!(
                    "the table {name} is of an older version of idem: run `{migrations}` from {} to {known}, or let \
                     `open` migrate",
                    self.schema + 1
                ),
            )),
        }
    }
}

fn newer(name: &TableName) -> DriverFault {
    refused(
        StoreErrorKind::UnknownFormat,
        format!(
            "the table {name} was migrated by a newer version of idem, which this version can no longer share it with: \
             update this process"
        ),
    )
}

pub(in crate::store) fn refused(kind: StoreErrorKind, message: String) -> DriverFault {
    DriverFault::Refused(Failure::new(kind, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_decides_whether_a_newer_schema_can_be_used() {
        let standing = |schema, oldest| Version { schema, oldest }.standing(5);
        assert_eq!(standing(5, 5), Standing::Usable);
        assert_eq!(standing(5, 4), Standing::Usable);
        assert_eq!(standing(9, 5), Standing::Usable);
        assert_eq!(standing(6, 6), Standing::Newer);
        assert_eq!(standing(4, 4), Standing::Older);
        assert_eq!(Version::NONE.standing(5), Standing::Older);
    }
}
