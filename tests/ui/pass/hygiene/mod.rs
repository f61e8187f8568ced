//! What surrounds a function does not matter.

mod denied_warnings;
mod expected_lints;
mod items_in_body;
mod no_implicit_prelude;
mod reexported_crate;
mod renamed_crate;
mod shadowed_names;
mod users_names;
