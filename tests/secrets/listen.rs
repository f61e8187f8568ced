//! Hears every event and span of the process, of `tracing` and of `log`, at every level.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::fmt::format::FmtSpan;

use super::marks;

static EVENTS: AtomicUsize = AtomicUsize::new(0);
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From here on.
pub(crate) fn begin() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_writer(|| Ear)
        .init();
    log::set_logger(&Ear).expect("the only logger");
    log::set_max_level(log::LevelFilter::Trace);
}

pub(crate) fn events() -> usize {
    EVENTS.load(Ordering::Relaxed)
}

pub(crate) fn leaks() -> Vec<String> {
    LEAKS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn hear(text: &str) {
    EVENTS.fetch_add(1, Ordering::Relaxed);
    for what in marks::in_text(text) {
        let text: String = text.chars().take(400).collect();
        LEAKS.lock().unwrap_or_else(PoisonError::into_inner).push(format!("the log shows {what}: {text}"));
    }
}

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        hear(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl log::Log for Ear {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        hear(&format!("{} {} {}", record.level(), record.target(), record.args()));
    }

    fn flush(&self) {}
}
