//! What a call meets.

use idem_core::store::StoreErrorKind;

/// What a call of a [`FaultyStore`](super::FaultyStore) meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreFault {
    /// Not applied, and the store says so: [`StoreErrorKind::Unavailable`].
    Refuse,
    /// Not applied, and the caller cannot know: [`StoreErrorKind::Undecided`].
    LoseRequest,
    /// Applied, and the caller cannot know: [`StoreErrorKind::Undecided`].
    LoseReply,
    /// Not applied; an error of this kind.
    Fail(StoreErrorKind),
    /// Waits until [`FaultyStore::release_held`](super::FaultyStore::release_held), and is applied then. A call that is
    /// given up while it waits is never applied.
    Hold,
    /// Applied at once; the reply waits until [`FaultyStore::release_held`](super::FaultyStore::release_held).
    HoldReply,
    /// Not applied; the call panics.
    Panic,
}
