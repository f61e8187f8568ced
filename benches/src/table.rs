//! A table of ratios.

use std::sync::Arc;

use comfy_table::Table;

use crate::contender::Contender;
use crate::race::{What, race};
use crate::stats::Median;

/// idem, and those it is compared with.
pub(crate) struct Field {
    /// Store, driver, durability, latency of a sync, body size: what a reader must know.
    pub(crate) title: String,
    pub(crate) idem: Arc<dyn Contender>,
    pub(crate) others: Vec<(&'static str, Arc<dyn Contender>)>,
}

impl Field {
    /// Races all at each number of callers.
    pub(crate) async fn run(&self, callers: &[usize], turns: usize) {
        println!("\n{}", self.title);
        let mut all = vec![Arc::clone(&self.idem)];
        all.extend(self.others.iter().map(|(_, other)| Arc::clone(other)));
        for contender in &all {
            contender.prepare().await;
        }
        let mut table = Table::new();
        table.set_header(["callers", "what", "idem, per second", "beside", "per second", "ratio [95 %]"]);
        for callers in callers {
            for (what, name) in [(What::Pair, "claim + complete"), (What::Replay, "replay")] {
                let rates = race(&all, what, *callers, turns).await;
                let ours = &rates[0];
                for ((other, _), theirs) in self.others.iter().zip(&rates[1..]) {
                    let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
                    table.add_row([
                        callers.to_string(),
                        name.to_owned(),
                        format!("{:.0}", Median::of(ours.clone()).mid()),
                        (*other).to_owned(),
                        format!("{:.0}", Median::of(theirs.clone()).mid()),
                        Median::of(ratios).to_string(),
                    ]);
                }
            }
        }
        println!("{table}");
    }
}

/// How long a sync of one small write takes here, as the median of some.
pub(crate) fn sync_latency() -> String {
    use std::io::Write;
    let measure = || -> std::io::Result<f64> {
        let mut file = tempfile::tempfile()?;
        let mut spans = Vec::new();
        for _ in 0..40 {
            file.write_all(&[7; 8192])?;
            let begun = std::time::Instant::now();
            file.sync_data()?;
            spans.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        Ok(Median::of(spans).mid())
    };
    measure().map_or_else(|error| error.to_string(), |micros| format!("{micros:.0} µs"))
}
