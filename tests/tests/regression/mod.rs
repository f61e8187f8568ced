//! Traps that other implementations fell into, by name.

mod dropped;
mod function_changed;
mod guarantees;
mod observed;
mod sqlite_open;
