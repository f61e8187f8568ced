//! How SQLite goes about each statement.

use super::*;
use crate::store::sqlite::sql as statements;

#[tokio::test]
async fn every_plan_goes_by_address_or_by_its_index() {
    let dir = Dir::new();
    drop(dir.store().await);
    let shell = dir.shell();
    let done = "SEARCH idem_record USING INDEX idem_record_done (<expr>=?)";
    let open = "SEARCH idem_record USING INDEX idem_record_open (state=? AND address=?)";
    let any_open = "SEARCH idem_record USING COVERING INDEX idem_record_open (state=? AND address=?)";
    let plans = [
        (statements::LOAD, "SEARCH idem_record USING INTEGER PRIMARY KEY (rowid=?)"),
        (statements::LOAD, done),
        (statements::LOAD, any_open),
        (statements::LOAD, "SEARCH idem_record USING COVERING INDEX idem_record_open (state>?)"),
        (statements::INSERT, done),
        (statements::INSERT, any_open),
        (statements::INSERT, "SEARCH idem_record USING COVERING INDEX idem_record_open (state<?)"),
        (statements::RECLAIM.done, done),
        (statements::RECLAIM.open, open),
        (statements::MOVE.done, done),
        (statements::MOVE.open, open),
        (statements::LEASE, open),
        (statements::DELETE.done, done),
        (statements::DELETE.open, open),
        (statements::REAP, "SEARCH idem_record USING INDEX idem_record_expiry (<expr><?)"),
        (statements::ABANDONED, "SEARCH idem_record USING INDEX idem_record_open (state=?)"),
        (statements::LIST_OPEN, "SEARCH idem_record USING INDEX idem_record_open (state=? AND address>?)"),
        (statements::LIST_DONE, "SEARCH idem_record USING INDEX idem_record_done (<expr>>?)"),
        (statements::COUNT_OPEN, "SEARCH idem_record USING INDEX idem_record_open (state=?)"),
        (statements::TALLY, "SEARCH idem_record USING INDEX idem_record_open (state=?)"),
        (statements::COUNT_DONE, "SCAN idem_record USING COVERING INDEX idem_record_done"),
    ];
    for (statement, expected) in plans {
        let plan = texts(&shell, &format!("EXPLAIN QUERY PLAN {statement}"), "detail");
        assert!(plan.iter().any(|step| step.starts_with(expected)), "{statement}\n{plan:#?}");
        // Addresses that begin alike may be sorted among themselves.
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE") && !step.contains("LAST TERM"));
        assert!(!sorts, "{statement}\n{plan:#?}");
    }
}
