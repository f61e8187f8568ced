//! A bar while it lasts.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whether to show one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// On standard error, if that is a terminal.
    Bar,
    Hidden,
}

impl Progress {
    pub(crate) fn bar(self, transfers: u64) -> ProgressBar {
        let target = match self {
            // It hides by itself where there is no terminal.
            Self::Bar => ProgressDrawTarget::stderr(),
            Self::Hidden => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} transfers, {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(transfers), target).with_style(style)
    }
}
