//! The same operations on PostgreSQL and MariaDB: what is safe there too, and what is caught there too.
//!
//! The servers are private ones that `idem-testing` starts, or those that the environment names.

mod operations;
mod place;

use idem_testing::idempotence;
use idem_testing::idempotent::{NotIdempotent, Run};
use idem_testing::servers::{require, shared};

use crate::operations::{
    add, correct, credit, credit_unmarked, insert, look_anywhere_then_insert, look_then_correct,
    look_then_insert, look_then_insert_serializable, mark_then_credit, set,
};
use crate::place::{Dialect, Place, Server};

/// Where it showed first, by the deterministic runs alone.
fn shown(found: Result<impl Sized, NotIdempotent>) -> Option<Run> {
    match found {
        Ok(_) => None,
        Err(NotIdempotent::StateDiffers { run, .. }) => Some(run),
        Err(other) => panic!("{other}"),
    }
}

/// `name: operation is verdict;` makes a test on each server.
macro_rules! cases {
    ($($case:ident: $operation:ident is $verdict:ident;)*) => {
        cases!(@ postgres $($case $operation $verdict)*);
        cases!(@ mariadb $($case $operation $verdict)*);
    };
    (@ $server:ident $($case:ident $operation:ident $verdict:ident)*) => {
        mod $server {
            use super::*;
            $(
                #[test]
                fn $case() {
                    let Some(server) = Server::$server(stringify!($case)) else { return };
                    let check = idempotence(async || server.fresh().await, $operation, Place::rows).rounds(0);
                    cases!(% $verdict check);
                }
            )*
        }
    };
    (% safe $check:ident) => {
        $check.rounds(4).check().unwrap();
    };
    (% caught_when_repeated $check:ident) => {
        assert_eq!(shown($check.check()), Some(Run::Twice));
    };
    (% caught_when_concurrent $check:ident) => {
        assert_eq!(shown($check.repeated()), None);
        assert_eq!(shown($check.after_crash()), None);
        let run = shown($check.concurrent());
        assert!(matches!(run, Some(Run::InLockstep { .. } | Run::Overtaken { .. })), "{run:?}");
    };
    (% caught_after_a_crash $check:ident) => {
        assert_eq!(shown($check.repeated()), None);
        assert_eq!(shown($check.concurrent()), None);
        let run = shown($check.after_crash());
        assert!(matches!(run, Some(Run::AfterCrash { .. })), "{run:?}");
    };
    (% caught_in_the_first_run $check:ident) => {
        let found = $check.check();
        assert!(matches!(found, Err(NotIdempotent::NothingObserved { .. })), "{found:?}");
    };
}

cases! {
    an_absolute_value: set is safe;
    an_added_value: add is caught_when_repeated;
    a_compared_version: correct is safe;
    a_version_looked_up_before: look_then_correct is caught_when_concurrent;
    a_row_under_a_key: insert is safe;
    a_row_looked_up_before: look_then_insert is caught_when_concurrent;
    a_look_up_without_its_where: look_anywhere_then_insert is caught_in_the_first_run;
    a_credit_with_its_mark: credit is safe;
    a_credit_without_a_mark: credit_unmarked is caught_when_repeated;
    a_mark_before_its_credit: mark_then_credit is caught_after_a_crash;
}

/// Copies that the database turns away with 40001 are repeated, and so are right in the end.
#[test]
fn a_serialization_failure_is_repeated() {
    let Some(server) = Server::postgres("serializable") else { return };
    let check = idempotence(async || server.fresh().await, look_then_insert_serializable, Place::rows);
    check.rounds(4).check().unwrap();
}
