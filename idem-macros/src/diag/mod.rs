//! Mistakes: collected, worded, and reported beside the function as the user wrote it.

mod bag;
mod fallback;
mod suggest;

pub(crate) use bag::{Bag, Mistakes, Reported};
pub(crate) use fallback::{beside_function, beside_item};
pub(crate) use suggest::closest;
