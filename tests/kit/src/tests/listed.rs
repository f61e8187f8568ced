//! Every case that is written is in the list, so that none is forgotten.

use super::super::{Histories, Shared, survey};
use idem_core::store::memory::MemoryStore;

macro_rules! sources {
    ($($theme:ident)*) => {
        [$((stringify!($theme), include_str!(concat!("../conformance/", stringify!($theme), ".rs")))),*]
    };
}

#[test]
fn every_case_is_listed() {
    let sources = sources!(
        batches claims fences lines listing namespaces nonces order_races orders races reap records renewals repeats replies states sweeps takeovers terms unknown watched
    );
    let in_mod =
        include_str!("../conformance/mod.rs").lines().filter(|line| line.starts_with("pub mod ")).count();
    assert_eq!(sources.len(), in_mod, "a theme is missing here");

    let fresh = async || Shared::new(|clock| MemoryStore::builder().clock(clock).build());
    let report = survey(fresh, Histories { seed: 1, count: Some(1), steps: 10 });
    assert_eq!(report.failures().count(), 0, "{report}");
    for (theme, source) in sources {
        let written = source.lines().filter(|line| line.trim_start().starts_with("pub async fn ")).count();
        // `nonces` makes its cases in pairs by a macro.
        let made = if theme == "nonces" { source.matches("the_nonce_guards_").count() * 2 - 2 } else { 0 };
        let listed = report.cases().filter(|case| case.starts_with(&format!("{theme}::"))).count();
        assert_eq!(listed, written + made, "each case of {theme} is in the list of `conformance!`");
    }
}
