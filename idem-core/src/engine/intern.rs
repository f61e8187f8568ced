//! Labels shared between the records of one operation and scope, and terms between those of one handler.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::label::Label;
use crate::protocol::Terms;

/// How many labels are remembered. A miss costs an allocation, nothing else.
const SLOTS: usize = 256;

pub(super) struct Labels {
    slots: Box<[Mutex<Option<Label>>]>,
}

crate::debug::structure!(Labels);

impl Default for Labels {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| Mutex::default()).collect() }
    }
}

impl Labels {
    pub(super) fn get(&self, operation: &str, scope: &[u8]) -> Label {
        let Some(slot) = self.slots.get(slot_of(operation, scope)) else {
            return Label::new(operation, scope);
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = &*slot
            && label.is_of(operation, scope)
        {
            return label.clone();
        }
        slot.insert(Label::new(operation, scope)).clone()
    }
}

/// A cheap mix: two labels that meet in one slot cost no more than the misses.
fn slot_of(operation: &str, scope: &[u8]) -> usize {
    let mix = |mixed: u32, byte: &u8| mixed.wrapping_mul(0x0100_0193) ^ u32::from(*byte);
    let mixed = scope.iter().fold(operation.as_bytes().iter().fold(0, mix), mix);
    // The product's high bits depend on all bytes.
    (mixed.wrapping_mul(0x9E37_79B1) >> 16) as usize % SLOTS
}

/// How many terms are remembered: the handlers of a service have few different ones.
const MOST_TERMS: usize = 16;

/// By retention and lease: the namespace of an engine is always the same.
#[derive(Default)]
pub(super) struct SharedTerms(Mutex<Vec<(Duration, Duration, Terms)>>);

crate::debug::structure!(SharedTerms);

impl SharedTerms {
    pub(super) fn get(&self, retention: Duration, lease: Duration, namespace: &str) -> Terms {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, terms)) = known.iter().find(|(r, l, _)| (*r, *l) == (retention, lease)) {
            return terms.clone();
        }
        let terms = Terms::new(retention, lease, namespace);
        if known.len() == MOST_TERMS {
            known.clear();
        }
        known.push((retention, lease, terms.clone()));
        terms
    }
}
