// A header name has no spaces; in a constant, the compiler says so.

use idem_core::Scope;

const ACCOUNT: Scope = Scope::header("X Account");

fn main() {
    drop(ACCOUNT);
}
