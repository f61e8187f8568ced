//! Which of the two servers it is.

use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};

/// How a server is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// MySQL. Understood by MariaDB as well.
    MySql,
    /// MariaDB: an `INSERT` may return the row that it met.
    MariaDb,
}

impl Dialect {
    /// Of a server that says this of its version; refused if it lacks what idem needs (`SKIP LOCKED`).
    pub(super) fn of(version: &str) -> Result<Self, DriverFault> {
        let (dialect, least) =
            if version.contains("MariaDB") { (Self::MariaDb, (10, 6)) } else { (Self::MySql, (8, 0)) };
        let mut numbers = version.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
        let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if found >= least {
            return Ok(dialect);
        }
        let message = format!("the server is {version}: idem needs MySQL 8.0 or MariaDB 10.6, or newer");
        Err(DriverFault::Unreached(Failure::new(StoreErrorKind::Misconfigured, message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        for (version, dialect) in [
            ("8.0.36", Some(Dialect::MySql)),
            ("8.4.0-commercial", Some(Dialect::MySql)),
            ("10.11.19-MariaDB-0+deb12u1", Some(Dialect::MariaDb)),
            ("11.4.2-MariaDB-log", Some(Dialect::MariaDb)),
            ("10.5.29-MariaDB", None),
            ("5.7.44", None),
            ("", None),
        ] {
            assert_eq!(Dialect::of(version).ok(), dialect, "{version}");
        }
    }
}
