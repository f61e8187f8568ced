mod contender;
mod postgres;
mod race;
mod stats;
use std::sync::Arc;
use contender::Contender;
use race::*;
use stats::Median;
fn main() {
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    rt.block_on(async {
        let url = std::env::args().nth(1).unwrap();
        let lanes: Vec<usize> = std::env::args().nth(2).unwrap().split(',').map(|s| s.parse().unwrap()).collect();
        let callers: Vec<usize> = std::env::args().nth(3).unwrap().split(',').map(|s| s.parse().unwrap()).collect();
        let mut all: Vec<(String, Arc<dyn Contender>)> = vec![];
        for l in lanes { all.push((format!("idem lanes {l}"), postgres::idem(&url, l).await)); }
        for c in [10, 32] { all.push((format!("hand {c}"), Arc::new(postgres::HandWritten(postgres::pool(&url, c).await)))); }
        all.push(("in tx 10".into(), Arc::new(postgres::InTransaction(postgres::pool(&url, 10).await))));
        all.push(("bare 10".into(), Arc::new(postgres::Bare(postgres::pool(&url, 10).await))));
        if let Ok(only) = std::env::var("ONLY") { all.retain(|(n, _)| n.starts_with(&only)); }
        let list: Vec<_> = all.iter().map(|(_, c)| c.clone()).collect();
        for c in &list { c.prepare().await; }
        for callers in callers {
            for what in [What::Pair] {
                println!("callers {callers} {}", if matches!(what, What::Pair) {"pair"} else {"replay"});
                let rates = race(&list, what, callers, 5).await;
                for ((name, _), rates) in all.iter().zip(&rates) { println!("  {name:14} {}", Median::of(rates.clone())); }
            }
        }
    });
}
