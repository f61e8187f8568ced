//! `IDEM_FAULT`.

use std::io::Write;

use super::act::Fault;
use super::armed::Armed;

const VARIABLE: &str = "IDEM_FAULT";

/// What the environment arms. What cannot be read is said and left out.
pub(super) fn read() -> Vec<Armed> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Vec::new() };
    let text = text.to_string_lossy();
    let pieces = text.split(';').map(str::trim).filter(|piece| !piece.is_empty());
    pieces
        .filter_map(|piece| {
            let armed = parse(piece);
            if armed.is_none() {
                let line = format!("idem fault: {VARIABLE} has {piece:?}, which is not POINT=FAULT@N\n");
                drop(std::io::stderr().write_all(line.as_bytes()));
            }
            armed
        })
        .collect()
}

pub(super) fn parse(piece: &str) -> Option<Armed> {
    let (point, fault) = piece.split_once('=')?;
    let (fault, at) = match fault.split_once('@') {
        Some((fault, at)) => (fault, at.trim().parse().ok().filter(|at| *at > 0)?),
        None => (fault, 1),
    };
    let fault = match fault.trim() {
        "kill" => Fault::Kill,
        "freeze" => Fault::Freeze,
        "panic" => Fault::Panic,
        "count" => Fault::Count,
        _ => return None,
    };
    let point = point.trim();
    (!point.is_empty()).then(|| Armed::new(point.to_owned().into(), fault, at))
}
