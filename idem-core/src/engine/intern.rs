//! Labels shared between the records of one operation and scope.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::label::Label;

/// How many labels are remembered. A miss costs an allocation, nothing else.
const SLOTS: usize = 256;

#[derive(Debug)]
pub(super) struct Labels {
    hasher: RandomState,
    slots: Box<[Mutex<Option<Label>>]>,
}

impl Default for Labels {
    fn default() -> Self {
        Self { hasher: RandomState::new(), slots: (0..SLOTS).map(|_| Mutex::default()).collect() }
    }
}

impl Labels {
    pub(super) fn get(&self, operation: &str, scope: &[u8]) -> Label {
        let at = self.hasher.hash_one((operation, scope)) % SLOTS as u64;
        let at = usize::try_from(at).unwrap_or_default();
        let Some(slot) = self.slots.get(at) else { return Label::new(operation, scope) };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = &*slot
            && label.is_of(operation, scope)
        {
            return label.clone();
        }
        slot.insert(Label::new(operation, scope)).clone()
    }
}
