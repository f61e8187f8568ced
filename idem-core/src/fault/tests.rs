//! Points of the tests' own: others run beside them in this process.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::environment::{parse, parse_all};
use super::{ALL, Fault, arm, arm_at, reach};

#[test]
fn a_point_acts_at_its_nth_reaching_and_only_then() {
    let calls = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&calls);
    let count = move || {
        seen.fetch_add(1, Ordering::SeqCst);
    };
    let guard = arm_at("test.nth", 2, Fault::call(count));
    let so_far = [1, 2, 3].map(|_| {
        reach("test.nth");
        calls.load(Ordering::SeqCst)
    });
    assert_eq!((so_far, guard.reached()), ([0, 1, 1], 3));
}

#[test]
fn a_dropped_guard_disarms_its_own_point_and_no_other() {
    let counting = arm("test.drop", Fault::Count);
    drop(arm("test.drop", Fault::Panic));
    reach("test.drop");
    reach("test.other");
    assert_eq!(counting.reached(), 1);
}

#[test]
fn a_panic_is_the_callers_and_leaves_the_points_usable() {
    let guard = arm("test.panic", Fault::Panic);
    assert!(catch_unwind(|| reach("test.panic")).is_err());
    reach("test.panic");
    assert_eq!(guard.reached(), 2);
}

#[test]
fn what_is_called_may_arm_and_reach() {
    let guard = arm(
        "test.nested",
        Fault::call(|| {
            let inner = arm("test.inner", Fault::Count);
            reach("test.inner");
            assert_eq!(inner.reached(), 1);
        }),
    );
    reach("test.nested");
    assert_eq!(guard.reached(), 1);
}

#[test]
fn the_environment_names_point_fault_and_reaching() {
    let read = |piece| {
        parse(piece)
            .map(|armed| (armed.point, format!("{:?}", armed.fault), armed.at))
            .map_err(|why| format!("{piece}: {why}"))
    };
    let armed = |point: &str, fault: &str, at| Ok((point.to_owned(), fault.to_owned(), at));
    assert_eq!(read("engine.claim.before=kill@2"), armed("engine.claim.before", "kill", 2));
    assert_eq!(read(" own:mine = freeze "), armed("mine", "freeze", 1));
    assert_eq!(read("*=count"), armed("*", "count", 1));
}

#[test]
fn a_misspelt_environment_is_refused_with_the_names_that_there_are() {
    let why = |piece| parse(piece).map(|_| ()).unwrap_err();
    for wrong in ["a", "*", "engine.claim.before"] {
        assert!(why(wrong).contains("POINT=FAULT"), "{wrong}");
    }
    for wrong in [
        "=kill",
        "mine=kill",
        "own:=kill",
        "engine.claim.befor=kill",
        "ENGINE_CLAIM_BEFORE=kill",
        "a.*=count",
    ] {
        let why = why(wrong);
        assert!(
            why.contains("unknown point") && why.contains(ALL[0]) && why.contains("own:NAME"),
            "{wrong}: {why}"
        );
    }
    for wrong in ["*=", "*=die", "*=Kill", "*=call"] {
        let why = why(wrong);
        assert!(
            why.contains("unknown fault") && why.contains("kill, freeze, panic, count"),
            "{wrong}: {why}"
        );
    }
    for wrong in ["*=kill@", "*=kill@0", "*=kill@-1", "*=kill@x"] {
        assert!(why(wrong).contains("from 1"), "{wrong}");
    }
    // One piece spoils all of it: what is left would be another test.
    assert!(parse_all("*=count;; *=kill@3 ;").is_ok_and(|armed| armed.len() == 2));
    assert!(parse_all("*=count;*=kil").is_err());
}

#[test]
fn no_name_stands_for_two_points() {
    assert_eq!(ALL.iter().collect::<BTreeSet<_>>().len(), ALL.len());
}
