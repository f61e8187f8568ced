//! The demonstration: two runs by the same plan.

use crate::Failure;
use crate::plan::{Mode, Plan};
use crate::progress::Progress;
use crate::report::Report;
use crate::run::{Tally, run};

/// Runs without idem, then with.
pub(crate) async fn demonstrate(plan: &Plan, progress: Progress) -> Result<Report, Failure> {
    let without = one(plan, Mode::WithoutIdem, progress).await?;
    let with = one(plan, Mode::WithIdem, progress).await?;
    Ok(Report { callers: plan.callers, seed: plan.seed, without, with })
}

async fn one(plan: &Plan, mode: Mode, progress: Progress) -> Result<Tally, Failure> {
    let bar = progress.bar(mode, plan.payments);
    let tally = run(plan, mode, &bar).await;
    bar.finish_and_clear();
    tally
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bank::Moods;
    use crate::network::Rates;
    use crate::report::Verdict;

    fn plan() -> Plan {
        let rates = Rates {
            lose_request: 0.08,
            lose_reply: 0.08,
            duplicate: 0.08,
            reset: 0.08,
            delay: 0.10,
            max_delay: Duration::from_millis(5),
        };
        let moods = Moods { busy: 0.02, decline: 0.02 };
        Plan { payments: 200, callers: 16, seed: 7, attempts: 4, hang_up: 0.3, rates, moods, db: None }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn with_idem_every_payment_is_charged_once() {
        let report = demonstrate(&plan(), Progress::Hidden).await.unwrap();

        let with = report.with;
        assert_eq!(report.verdict(), Verdict::Kept, "{report}");
        assert_eq!(with.findings.charges + with.findings.declines, 200, "{report}");
        assert_eq!(with.runs, 200 + with.findings.busy, "{report}");
        assert!(with.traffic.replies_lost > 0 && with.traffic.resets > 0 && with.traffic.duplicates > 0);
        assert!(with.hang_ups > 0, "{report}");

        let without = report.without;
        assert!(without.findings.charged_twice > 0, "the network must have been faulty: {report}");
        assert!(without.runs > 200, "{report}");
        assert!(without.hang_ups > 0, "both kinds of caller hang up: {report}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_a_good_network_no_payment_is_charged_twice() {
        let plan = Plan { rates: Rates::default(), hang_up: 0.0, payments: 50, ..plan() };
        let report = demonstrate(&plan, Progress::Hidden).await.unwrap();
        assert_eq!(report.without.findings.charged_twice, 0, "{report}");
        assert_eq!(report.verdict(), Verdict::Kept, "{report}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_file_may_serve_again() {
        let directory = tempfile::tempdir().unwrap();
        let db = Some(directory.path().join("idem.db"));
        let plan = Plan { payments: 20, db, ..plan() };
        for _ in 0..2 {
            let report = demonstrate(&plan, Progress::Hidden).await.unwrap();
            assert_eq!(report.verdict(), Verdict::Kept, "{report}");
        }
    }
}
