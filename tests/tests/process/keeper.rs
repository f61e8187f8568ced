//! The thread that renews leases.

use std::path::Path;

use crate::support::{Shared, post};

#[test]
fn leases_are_renewed_after_a_renewal_that_panicked() {
    let shared = Shared::new();
    let arguments = ["--lease", "4500ms", "--after-crash", "rerun"];
    let fault = ("IDEM_FAULT", Path::new("keeper.renew.before=panic"));
    let (owner, other) = (shared.start_with(&arguments, &[fault]), shared.start(&arguments));
    let request = post("/slow?ms=6000").key("k");
    let caller = owner.begin(&request);
    loop {
        let reply = other.send(&request);
        if reply.status != 409 {
            assert!(reply.is_replay(), "the lease of a living handler has ended");
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!((caller.reply().status, other.runs("k")), (201, 1));
}
