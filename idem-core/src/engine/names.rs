//! Which function of this program has which name: two with one name would get each other's answers.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::policy::{Definition, Spec};
use crate::refused::Refused;

/// Names and where they are given, as far as functions were called. Each engine keeps its own: names in another store, or
/// in another version of the program beside this one, are not compared.
#[derive(Debug, Default)]
pub(super) struct Names(RwLock<HashMap<&'static str, Holder>>);

#[derive(Debug, Clone, Copy)]
enum Holder {
    One(&'static Definition),
    /// Several functions have the name, and none of them is called any more: which one a record belongs to is not known.
    Several,
}

impl Names {
    /// Lets a function be called under its name, unless another function has it.
    ///
    /// # Errors
    /// Another one has it. The first time, the log says where both are.
    pub(super) fn admit(&self, spec: &Spec) -> Result<(), Refused> {
        let (Some(name), Some(here)) = (spec.name, spec.definition) else { return Ok(()) };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        let holder = match known {
            Some(holder) => holder,
            None => *self
                .0
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(name)
                .or_insert(Holder::One(here)),
        };
        match holder {
            Holder::One(first) if std::ptr::eq(first, here) || first == here => return Ok(()),
            Holder::One(first) => {
                let before =
                    self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name, Holder::Several);
                if !matches!(before, Some(Holder::Several)) {
                    tracing::error!(
                        name,
                        first = %first,
                        second = %here,
                        "two idempotent functions have one name and would replay each other's answers; neither runs any \
                         more: give each a `name` of its own"
                    );
                }
            }
            Holder::Several => {}
        }
        Err(Refused::NameShared)
    }
}
