//! `IDEM_FAULT`.

use std::io::Write;

use super::ALL;
use super::act::Fault;
use super::points::EVERY;

const VARIABLE: &str = "IDEM_FAULT";

/// What a point of the user's own begins with, in the environment: so that a misspelt point of idem's own is told from
/// one that only the program knows.
const OWN: &str = "own:";

/// The faults that the environment can arm.
const FAULTS: [(&str, Fault); 4] =
    [("kill", Fault::Kill), ("freeze", Fault::Freeze), ("panic", Fault::Panic), ("count", Fault::Count)];

/// A point that the environment arms.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) point: String,
    pub(super) fault: Fault,
    /// The reaching at which it acts, from 1.
    pub(super) at: u64,
}

/// What the environment arms.
///
/// A piece that cannot be understood ends the process, after a line on standard error that says which names there are:
/// a test whose fault never strikes would pass without a reason.
pub(super) fn read() -> Vec<Spec> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Vec::new() };
    match parse_all(&text.to_string_lossy()) {
        Ok(specs) => specs,
        Err(why) => {
            let line = format!("idem fault: {VARIABLE} {why}\n");
            drop(std::io::stderr().write_all(line.as_bytes()));
            // The exit code of a usage error (sysexits.h, EX_USAGE).
            std::process::exit(64)
        }
    }
}

pub(super) fn parse_all(text: &str) -> Result<Vec<Spec>, String> {
    text.split(';').map(str::trim).filter(|piece| !piece.is_empty()).map(parse).collect()
}

/// One `POINT=FAULT@N`.
///
/// # Errors
/// Says what was not understood, and which names there are.
pub(super) fn parse(piece: &str) -> Result<Spec, String> {
    let Some((point, fault)) = piece.split_once('=') else {
        return Err(format!("has {piece:?}, which is not POINT=FAULT or POINT=FAULT@N"));
    };
    let (fault, at) = match fault.split_once('@') {
        Some((fault, at)) => (fault, at.trim().parse().ok().filter(|at| *at > 0)),
        None => (fault, Some(1)),
    };
    let at = at.ok_or_else(|| format!("has {piece:?}: N counts reachings, and is a number from 1"))?;
    let (point, fault) = (point.trim(), fault.trim());
    let Some((_, fault)) = FAULTS.into_iter().find(|(name, _)| *name == fault) else {
        let names = FAULTS.map(|(name, _)| name).join(", ");
        return Err(format!("has the unknown fault {fault:?}: there are {names}"));
    };
    let point = match point.strip_prefix(OWN) {
        Some(own) if !own.is_empty() => own,
        None if point == EVERY || ALL.contains(&point) => point,
        _ => {
            let names = ALL.join(", ");
            return Err(format!(
                "has the unknown point {point:?}: write {OWN}NAME for a point of your own, {EVERY} for every point, or one \
                 of {names}"
            ));
        }
    };
    Ok(Spec { point: point.to_owned(), fault, at })
}
