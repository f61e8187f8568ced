//! The database that the demonstration runs on.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tempfile::TempDir;

/// `sqlite:PATH`, or the URL of a server. Its `Debug` shows no password.
#[derive(Clone)]
pub(crate) struct Place {
    kind: Kind,
    text: String,
    /// Goes with the last clone, and the database with it.
    _directory: Option<Arc<TempDir>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MySql,
}

impl Place {
    /// A new SQLite file.
    pub(crate) fn temporary() -> std::io::Result<Self> {
        let directory = TempDir::with_prefix("transfers-")?;
        let text = format!("sqlite:{}", directory.path().join("bank.db").display());
        Ok(Self { kind: Kind::Sqlite, text, _directory: Some(Arc::new(directory)) })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// As it is written on the command line.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What a driver is given: a path for SQLite, and a URL else.
    pub(crate) fn source(&self) -> &str {
        match self.kind {
            Kind::Sqlite => self.text.strip_prefix("sqlite:").unwrap_or(&self.text),
            Kind::Postgres | Kind::MySql => &self.text,
        }
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = match text.split_once(':') {
            Some(("sqlite", _)) => Kind::Sqlite,
            Some(("postgres" | "postgresql", _)) => Kind::Postgres,
            Some(("mysql" | "mariadb", _)) => Kind::MySql,
            _ => return Err("write sqlite:PATH, postgres://… or mysql://…"),
        };
        Ok(Self { kind, text: text.to_owned(), _directory: None })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL or MariaDB",
        })
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({})", self.kind)
    }
}
