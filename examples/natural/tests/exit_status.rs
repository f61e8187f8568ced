//! The program as a user runs it.

use std::process::Command;

#[test]
fn every_operation_does_as_expected() {
    let output = Command::new(env!("CARGO_BIN_EXE_natural")).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{table}");
    assert!(!table.contains("NOT AS EXPECTED"), "{table}");
    for (operation, cells) in [
        ("set the stock", ["same", "same", "same"]),
        ("look, then insert", ["same", "DIFFERS", "same"]),
        ("look without a WHERE, then insert", ["NO EFFECT", "NO EFFECT", "NO EFFECT"]),
        ("mark, then credit", ["same", "same", "DIFFERS"]),
    ] {
        let row = table.lines().map(cells_of).find(|row| row.first() == Some(&operation));
        assert_eq!(row.as_deref().map(|row| &row[1..]), Some(&cells[..]), "{table}");
    }
}

fn cells_of(line: &str) -> Vec<&str> {
    line.split(['│', '┆']).map(str::trim).filter(|cell| !cell.is_empty()).collect()
}
