//! How much is run.

use std::env;

use idem_core::fault::points;

use crate::kinds::Kind;
use crate::site::StoreKind;

/// `IDEM_MATRIX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Every point on SQLite, [`CORE`] on the servers.
    Bounded,
    /// Every point on every store.
    Full,
    /// The same, in every scenario that passes the point.
    Exhaustive,
}

/// Where a crash on a server differs from one on SQLite: while a claim is under way, around each write of the record and
/// around the effect.
const CORE: [&str; 15] = [
    points::ENGINE_CLAIM_UNDER_WAY,
    points::ENGINE_CLAIM_AFTER,
    points::UNCLAIMED_RELEASE_BEFORE,
    points::ENGINE_COMPLETE_BEFORE,
    points::ENGINE_COMPLETE_AFTER,
    points::ENGINE_RELEASE_AFTER,
    points::KEEPER_RENEW_BEFORE,
    points::AXUM_HANDLER_AFTER,
    points::PLAIN_HANDLER_AFTER,
    points::TX_CLAIM_AFTER,
    points::TX_HANDLER_AFTER,
    points::TX_COMPLETE_AFTER,
    points::TX_COMMIT_BEFORE,
    points::TX_COMMIT_AFTER,
    points::TX_SETTLE_BEFORE,
];

impl Plan {
    pub(crate) fn from_environment() -> Self {
        match env::var("IDEM_MATRIX").as_deref() {
            Ok("full") => Self::Full,
            Ok("exhaustive") => Self::Exhaustive,
            Ok("" | "bounded") | Err(_) => Self::Bounded,
            Ok(other) => panic!("IDEM_MATRIX is bounded, full or exhaustive, not {other:?}"),
        }
    }

    pub(crate) fn has(self, store: StoreKind, point: &str) -> bool {
        Self::chooses(store) && (self != Self::Bounded || store == StoreKind::Sqlite || CORE.contains(&point))
    }

    /// `IDEM_MATRIX_STORES`.
    pub(crate) fn chooses(store: StoreKind) -> bool {
        is_chosen("IDEM_MATRIX_STORES", store.name())
    }

    /// `IDEM_MATRIX_KINDS`.
    pub(crate) fn includes(kind: &Kind) -> bool {
        is_chosen("IDEM_MATRIX_KINDS", kind.name)
    }
}

fn is_chosen(variable: &str, name: &str) -> bool {
    let chosen = env::var(variable).unwrap_or_default().to_lowercase();
    chosen.is_empty() || chosen.split(',').any(|one| one == name)
}

/// How many histories are made at a time: they wait for leases most of the time.
pub(crate) fn lanes() -> usize {
    env::var("IDEM_MATRIX_LANES").ok().and_then(|lanes| lanes.parse().ok()).unwrap_or(16)
}
