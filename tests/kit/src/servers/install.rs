//! Installing a server that is missing, where that is possible: as root, with apt-get.
//!
//! The package may also start its own default service. That one listens on the default port, which no server of this
//! package uses.

use std::{
    env,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    process::{Command, Stdio},
};

use crate::servers::{Why, find, process::is_root};

/// One process installs at a time, and no process repeats what failed. Only root writes to this directory.
const LOCK: &str = "/run/idem-servers.lock";

/// What came of it.
#[derive(Debug)]
pub(crate) enum Installed {
    /// apt-get says so.
    Yes,
    /// Not root, no apt-get, or forbidden.
    NotOurs,
    /// apt-get, or what comes before it, failed.
    Failed(String),
}

impl Installed {
    /// Why a server is missing after this.
    pub(crate) fn into_why(self) -> Why {
        match self {
            Self::Yes => Why::NotInstallable("the package lacks a program that is needed".to_owned()),
            Self::NotOurs => Why::NotInstalled,
            Self::Failed(error) => Why::NotInstallable(error),
        }
    }
}

/// Installs `package` once for all processes of this machine.
pub(crate) fn package(package: &str) -> Installed {
    let forbidden = env::var("IDEM_INSTALL_SERVERS").is_ok_and(|value| value == "0");
    if forbidden || !is_root() || find::all(&["apt-get"]).is_none() {
        return Installed::NotOurs;
    }
    locked(package).unwrap_or_else(|error| Installed::Failed(format!("{LOCK}: {error}")))
}

fn locked(package: &str) -> io::Result<Installed> {
    let mut lock = OpenOptions::new().read(true).append(true).create(true).open(LOCK)?;
    // A process that waited here finds the package installed, which apt-get then confirms quickly, or its failure written
    // down.
    lock.lock()?;
    if has_failed(&mut lock, package)? {
        return Ok(Installed::Failed(format!("it failed before; remove {LOCK} to try again")));
    }
    let installed = install(package);
    if matches!(installed, Installed::Failed(_)) {
        writeln!(lock, "{package}")?;
    }
    Ok(installed)
}

fn has_failed(lock: &mut File, package: &str) -> io::Result<bool> {
    let mut failed = String::new();
    lock.read_to_string(&mut failed)?;
    Ok(failed.lines().any(|line| line == package))
}

/// Once with the lists of packages as they are, once with new ones.
fn install(package: &str) -> Installed {
    let install = || apt_get(&["install", "-y", "--no-install-recommends", package]);
    match install().or_else(|_| apt_get(&["update"]).and_then(|()| install())) {
        Ok(()) => Installed::Yes,
        Err(error) => Installed::Failed(error),
    }
}

/// The error is the last line that apt-get said.
fn apt_get(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    command.args(["-q", "-o", "DPkg::Lock::Timeout=120"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given").to_owned())
}
