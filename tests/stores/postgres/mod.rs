//! PostgreSQL.

mod conformance;
