//! The caller is authenticated before the key is looked at.

use super::start;
use crate::support::{post, request};

#[test]
fn a_caller_without_a_name_gets_401_and_claims_nothing() {
    let target = start(&[]);
    let request = post("/pay").key("k");
    for nameless in [request.clone().without("x-account"), request.clone().account("")] {
        let refused = target.send(&nameless);
        assert_eq!((refused.status, refused.is_replay()), (401, false));
    }
    assert_eq!(target.total(), 0);
    assert_eq!(target.send(&request).status, 201, "the key is free");
}

#[test]
fn a_revoked_caller_gets_no_replay_until_allowed_again() {
    let target = start(&[]);
    let request_ = post("/pay").key("k");
    let first = target.send(&request_);
    target.send(&request("POST", "/admin/revoke?account=ada"));
    let refused = target.send(&request_);
    assert_eq!((refused.status, refused.is_replay()), (403, false));
    assert!(refused.body.is_empty(), "nothing of the stored answer leaks");
    target.send(&request("POST", "/admin/allow?account=ada"));
    let again = target.send(&request_);
    assert!(again.is_replay());
    assert_eq!(again.essence(), first.essence());
    assert_eq!(target.runs("k"), 1);
}

#[test]
fn two_accounts_may_use_one_key_and_never_see_each_other() {
    let target = start(&[]);
    let request = post("/pay").key("k");
    for account in ["ada", "bob"] {
        let paid = target.send(&request.clone().account(account));
        assert!(!paid.is_replay());
        assert_eq!(paid.json()["account"], account);
    }
    // Another body: a mismatch would tell that the key exists.
    assert_eq!(target.send(&request.clone().account("cyd").body("{}")).status, 201);
    for account in ["ada", "bob"] {
        let again = target.send(&request.clone().account(account));
        assert!(again.is_replay());
        assert_eq!(again.json()["account"], account);
    }
    assert_eq!(target.total(), 3);
}

#[test]
fn a_caller_who_names_two_accounts_is_refused() {
    let target = start(&[]);
    assert_eq!(target.send(&post("/pay").key("k").header("x-account", "bob")).status, 401);
    assert_eq!(target.total(), 0);
}
