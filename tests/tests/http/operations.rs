//! What makes two requests the same operation.

use super::start;
use crate::support::post;

#[test]
fn the_route_is_part_of_the_operation() {
    let target = start(&[]);
    for path in ["/pay", "/refund", "/optional"] {
        assert!(!target.send(&post(path).key("k")).is_replay(), "{path}");
    }
    assert_eq!(target.runs("k"), 3);
}

#[test]
fn a_path_parameter_is_part_of_the_operation() {
    let target = start(&[]);
    for id in ["1", "2"] {
        let request = post(&format!("/a/{id}/pay")).key("k");
        assert!(!target.send(&request).is_replay());
        assert!(target.send(&request).is_replay());
    }
    assert_eq!(target.runs("k"), 2);
}

#[test]
fn two_equal_orders_under_two_keys_are_two_orders() {
    let target = start(&[]);
    assert_eq!(target.send(&post("/pay").key("k1")).json()["run"], 1);
    assert_eq!(target.send(&post("/pay").key("k2")).json()["run"], 2);
}

#[test]
fn keys_are_compared_byte_by_byte() {
    let target = start(&[]);
    for key in ["k", "K", "k%20", "k+"] {
        assert!(!target.send(&post("/pay").key(key)).is_replay(), "{key}");
    }
    assert_eq!(target.total(), 4);
}
