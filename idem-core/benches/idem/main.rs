//! `cargo bench -p idem-core --features full`: what idem costs. Prints tables; asserts nothing.
//!
//! Times on shared machines drift. So the candidates of a comparison run in turn within one process, and the figure to
//! quote is the median ratio of the pairs with its 95 % interval.

mod http;
mod memory;
mod sqlite;
mod stats;

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|arg| arg == name);
    if wanted("memory") {
        memory::run();
    }
    if wanted("sqlite") {
        sqlite::run();
    }
    if wanted("http") {
        http::run();
    }
}
