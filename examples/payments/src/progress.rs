//! A bar while a run lasts.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::Mode;

/// Whether to show one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// On standard error, if that is a terminal.
    Bar,
    Hidden,
}

impl Progress {
    /// The bar of one run.
    pub(crate) fn bar(self, mode: Mode, payments: u64) -> ProgressBar {
        let target = match self {
            // It hides by itself where there is no terminal.
            Self::Bar => ProgressDrawTarget::stderr(),
            Self::Hidden => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template("{prefix:>12} {bar:40} {pos}/{len} payments, {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(payments), target).with_style(style).with_prefix(mode.name())
    }
}
