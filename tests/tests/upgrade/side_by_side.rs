//! Processes of both versions that come and go.

use super::{Versions, a_duplicate_is_refused, stop};
use crate::support::{Shared, on_every_store, post, until};

on_every_store! {
    both_versions_serve_one_store_while_either_starts_and_stops
    what_a_process_of_one_version_left_running_the_other_finds_unknown
    what_a_process_of_one_version_left_running_the_other_runs_again
}

fn both_versions_serve_one_store_while_either_starts_and_stops(shared: &Shared) {
    let Some(mut versions) = Versions::of(shared, &[]) else { return };
    let before = versions.start_before();
    let request = post("/pay").key("first");
    let first = before.send(&request);
    assert_eq!(first.status, 201, "{first:?}");
    versions.answered.push((request, first));

    // The first of this version migrates, under the other's feet.
    let this = versions.start_this();
    versions.knows_everything(&this);
    versions.one_runs_for_both("before", &before, &this);
    versions.one_runs_for_both("this", &this, &before);
    a_duplicate_is_refused("before", &before, &this);
    a_duplicate_is_refused("this", &this, &before);
    before.crash();

    // The version before is started after the migration.
    let before = versions.start_before();
    versions.knows_everything(&before);
    versions.one_runs_for_both("restarted", &before, &this);
    versions.one_runs_for_both("beside", &this, &before);
    this.crash();

    // Rolled back: the version before is alone with what this one wrote.
    versions.knows_everything(&before);
    let alone = versions.start_before();
    versions.knows_everything(&alone);
    versions.one_runs_for_both("back", &before, &alone);
    stop(before);
    stop(alone);

    // And forward again.
    let (one, two) = (versions.start_this(), versions.start_this());
    versions.knows_everything(&one);
    versions.one_runs_for_both("forward", &one, &two);
}

fn what_a_process_of_one_version_left_running_the_other_finds_unknown(shared: &Shared) {
    let Some(versions) = Versions::of(shared, &["--lease", "2s"]) else { return };
    for round in ["before", "this"] {
        let (before, this) = (versions.start_before(), versions.start_this());
        let (dying, other) = if round == "before" { (before, this) } else { (this, before) };
        let request = post("/slow?ms=60000").key(round);
        let running = dying.begin(&request);
        dying.crash();
        drop(running);
        until("the lease ends", || (other.send(&request).problem() == "outcome-unknown").then_some(()));
        for target in [versions.start_before(), versions.start_this()] {
            assert_eq!(target.send(&request).problem(), "outcome-unknown");
        }
        assert_eq!(other.runs(round), 1);
    }
}

fn what_a_process_of_one_version_left_running_the_other_runs_again(shared: &Shared) {
    let Some(versions) = Versions::of(shared, &["--lease", "2s", "--after-crash", "rerun"]) else { return };
    for round in ["before", "this"] {
        let (before, this) = (versions.start_before(), versions.start_this());
        let (dying, other) = if round == "before" { (before, this) } else { (this, before) };
        let request = post("/slow?ms=1500").key(round);
        let running = dying.begin(&request);
        dying.crash();
        drop(running);
        let first = until("the lease ends, and it runs again", || {
            let reply = other.send(&request);
            (reply.status != 409).then_some(reply)
        });
        assert_eq!((first.status, first.is_replay()), (201, false));
        assert_eq!(other.runs(round), 2, "the run that died and the one that took over");
        for target in [versions.start_before(), versions.start_this()] {
            let replay = target.send(&request);
            assert!(replay.is_replay(), "{replay:?}");
            assert_eq!(replay.essence(), first.essence());
        }
    }
}
