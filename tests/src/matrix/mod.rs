//! What the crash matrix and its workers say to each other, and what stands in a history.

mod event;
mod order;
mod world;

pub use event::{Event, Paid, Said, Seen};
pub use order::{Call, Caller, Mode, Order};
pub use world::{happened, ledger, read};
