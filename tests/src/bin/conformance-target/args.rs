//! The command line.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Serves idempotent routes, and counts how often each really ran.
#[derive(Debug, Parser)]
#[command(name = "conformance-target")]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Where records live: `memory`, `sqlite:PATH`, or the URL of a database.
    #[arg(long, default_value = "memory")]
    pub(crate) store: StoreChoice,
    /// The web framework.
    #[arg(long, value_enum, default_value = "axum")]
    pub(crate) framework: Framework,
    /// Which status codes refusals get.
    #[arg(long, value_enum, default_value = "default")]
    pub(crate) profile: ProfileChoice,
    /// How long a stored answer lives.
    #[arg(long, value_parser = span, default_value = "24h")]
    pub(crate) ttl: Duration,
    /// How long a claim outlives its process; no longer than the ttl.
    #[arg(long, value_parser = span, default_value = "30s")]
    pub(crate) lease: Duration,
    /// How long a duplicate of a running request waits.
    #[arg(long, value_parser = span, default_value = "0s")]
    pub(crate) wait: Duration,
    /// The longest response body that is stored.
    #[arg(long, default_value_t = 1 << 20)]
    pub(crate) max_response_bytes: usize,
    /// The longest request body that is accepted.
    #[arg(long, default_value_t = 1 << 20)]
    pub(crate) max_request_bytes: u64,
    /// What becomes of the key when a handler answers 5xx.
    #[arg(long, value_enum, default_value = "release")]
    pub(crate) on_error: OnErrorChoice,
    /// What becomes of the key when a handler panics or its process dies.
    #[arg(long, value_enum, default_value = "unknown")]
    pub(crate) after_crash: AfterCrashChoice,
    /// What a verify hook of `POST /slow` finds out about a run that died. Without it there is no hook.
    #[arg(long, value_enum)]
    pub(crate) verify: Option<VerifyChoice>,
    /// A file that takes one line per effect, so that counts survive the process and several processes share them.
    #[arg(long)]
    pub(crate) effects: Option<PathBuf>,
}

/// The address of a database. Not shown: it may hold a password.
#[derive(Clone)]
pub(crate) struct Url(pub(crate) String);

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Url(…)")
    }
}

/// Where records live.
#[derive(Debug, Clone)]
pub(crate) enum StoreChoice {
    Memory,
    Sqlite(PathBuf),
    Postgres(Url),
    MySql(Url),
    Redis(Url),
    /// One that this build does not have. Its URL is not kept: it may hold a password.
    Absent(String),
}

impl FromStr for StoreChoice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once(':') {
            None if text == "memory" => Self::Memory,
            Some(("sqlite", path)) => Self::Sqlite(path.into()),
            Some(("postgres" | "postgresql", _)) => Self::Postgres(Url(text.into())),
            Some(("mysql" | "mariadb", _)) => Self::MySql(Url(text.into())),
            Some(("redis" | "rediss", _)) => Self::Redis(Url(text.into())),
            Some((kind, _)) => Self::Absent(kind.into()),
            None => Self::Absent(text.into()),
        })
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Framework {
    /// `#[idempotent]` on axum handlers.
    Axum,
    /// A tower layer in front of the service.
    Tower,
    Actix,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ProfileChoice {
    Default,
    Draft07,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OnErrorChoice {
    Release,
    Store,
    Unknown,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AfterCrashChoice {
    Unknown,
    Rerun,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum VerifyChoice {
    Happened,
    DidNotHappen,
}

/// A whole number and its unit: `250ms`, `30s`, `5m`, `24h`, `7d`.
fn span(text: &str) -> Result<Duration, String> {
    let wanted = || "write a whole number and a unit, such as 250ms, 30s, 5m, 24h or 7d".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wanted())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wanted()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}
