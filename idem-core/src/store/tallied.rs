//! A tally from counts and lists.

use super::{Count, Page, Store, StoreError};
use crate::protocol::{self, Namespace, StateKind, Tally};

/// How many records are listed at once.
const PAGE: usize = 256;

/// The provided form of [`Store::tally`].
pub(super) async fn by_lists<S: Store + ?Sized>(
    store: &S,
    namespace: Namespace,
) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    for state in Tally::STATES {
        if state != StateKind::Unknown {
            tally.add(state, store.count(Count { namespace: namespace.clone(), state }).await?);
        }
    }
    let mut after = None;
    loop {
        let (namespace, state) = (namespace.clone(), StateKind::Unknown);
        let page = store.list(Page { namespace: namespace.clone(), state, after, limit: PAGE }).await?;
        for entry in &page {
            protocol::tally(&mut tally, &entry.record, &namespace);
        }
        match page.last() {
            Some(last) if page.len() >= PAGE => after = Some(last.address),
            _ => return Ok(tally),
        }
    }
}
