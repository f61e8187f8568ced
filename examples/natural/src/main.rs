//! When you do **not** need idem: operations on a database that are safe to repeat as they are, and the same written in
//! a way that only looks like it.
//!
//! ```text
//! cargo run -p natural
//! ```
//!
//! Each is run once, and then twice, concurrently and again after a crash, by [`idem_testing::idempotent`]; the
//! table says whether the database looks the same in the end. Exit status: 0 if all do as is expected of them, 1 if not.
//!
//! | | safe | only looks like it |
//! |---|---|---|
//! | [a value](stock) | is set | is added to |
//! | [a change to what was read](version) | names the version in its `WHERE` | looks the version up before |
//! | [a new row](delivery) | is refused by the primary key | is looked up before; or looked up wrongly |
//! | [a difference](balance) | with a mark, in one transaction | without one; or in two transactions |
//!
//! All of it rests on the effect being **in one database**. A card charged, a mail sent, an answer that has to be the
//! same each time: that is what idem is for.

mod balance;
mod delivery;
mod stock;
mod table;
mod version;
mod warehouse;

use std::process::ExitCode;

use crate::table::Table;

fn main() -> ExitCode {
    let table = Table::of_all();
    println!("{table}");
    if table.is_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
