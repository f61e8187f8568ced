//! The program as a user runs it: its exit status says whether idem kept its promise.

use std::process::{Command, Output};

fn payments(line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_payments")).args(line.split(' ')).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_kept_promise_is_0() {
    let output = payments("--payments 40 --callers 8 --max-delay 5");
    let table = text(output.stdout);
    assert_eq!(output.status.code(), Some(0), "{table}");
    for row in ["payments charged twice or more", "times a caller hung up", "payments stuck"] {
        assert!(table.contains(row), "{table}");
    }
    // No terminal, no bar.
    assert_eq!(text(output.stderr), "");
}

#[test]
fn a_broken_promise_is_1() {
    // A bank that never charges leaves payments that were never made.
    let output = payments("--payments 1 --callers 1 --attempts 1 --busy 1");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output.stdout).contains("1 never"));
}

#[test]
fn a_payment_whose_outcome_stays_open_is_1_too() {
    // Most replies are lost, and each payment is sent eleven times in all.
    let network = "--lose-request 0 --duplicate 0 --reset 0 --lose-reply 0.9";
    let output = payments(&format!("--payments 8 --callers 1 --attempts 1 --hang-up 0 {network}"));
    let table = text(output.stdout);
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(table.contains("0 callers were told something untrue"), "{table}");
    assert!(!table.contains("and 0 never learned"), "{table}");
}

#[test]
fn a_demonstration_that_cannot_be_is_2() {
    let output = payments("--lose-request 0.5 --lose-reply 0.5");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(output.stderr).contains("at most 0.9"));
    assert_eq!(payments("--payments none").status.code(), Some(2));
}
