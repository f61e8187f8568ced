//! How often what has run.

use std::collections::BTreeMap;

use serde::Serialize;

/// The body of `GET /effects`.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Counts {
    total: u64,
    by_route: BTreeMap<String, u64>,
    by_key: BTreeMap<String, u64>,
    /// Rows of the handlers' own table; 0 where the store has none.
    ledger: u64,
}

/// One run of a handler.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) route: String,
    pub(crate) account: String,
    pub(crate) key: String,
}

impl Counts {
    pub(crate) fn with_ledger(self, rows: u64) -> Self {
        Self { ledger: rows, ..self }
    }

    pub(crate) fn add(&mut self, effect: &Effect) {
        self.total += 1;
        *self.by_route.entry(effect.route.clone()).or_default() += 1;
        *self.by_key.entry(format!("{} {}", effect.account, effect.key)).or_default() += 1;
    }
}

impl Effect {
    /// The effect as a line of the effects file.
    pub(crate) fn to_line(&self) -> String {
        format!("{} {} {}\n", self.route, self.account, self.key)
    }

    /// Reads such a line; `None` for one that a dying process cut short.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let effect = Self {
            route: words.next()?.to_owned(),
            account: words.next()?.to_owned(),
            key: words.next()?.to_owned(),
        };
        words.next().is_none().then_some(effect)
    }
}
