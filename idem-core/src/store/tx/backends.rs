//! The backends that a store offers, by the type of their database.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use sqlx::Database;

use super::TxBackend;

/// The databases in whose transactions a store can write its records.
#[derive(Default)]
pub struct TxBackends(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl TxBackends {
    pub(crate) fn add<Db: Database>(&mut self, backend: Arc<dyn TxBackend<Db>>) {
        self.0.insert(TypeId::of::<Db>(), Box::new(backend));
    }

    pub(crate) fn get<Db: Database>(&self) -> Option<Arc<dyn TxBackend<Db>>> {
        self.0.get(&TypeId::of::<Db>())?.downcast_ref().cloned()
    }
}

impl fmt::Debug for TxBackends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxBackends({})", self.0.len())
    }
}
