//! The page "What is guaranteed" names a test in every cell. Each must be there.

use std::path::{Path, PathBuf};

fn sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn every_cell_of_the_page_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("idem-core/src/guarantees.md")).unwrap();
    let mut files = Vec::new();
    for directory in ["idem-core/src", "tests/tests", "tests/tx", "tests/matrix"] {
        sources(&root.join(directory), &mut files);
    }
    let code: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut named = 0;
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what happens"));
    for row in rows {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").skip(1).collect();
        assert_eq!(cells.len(), 2, "{row}");
        for cell in cells.into_iter().filter(|cell| !cell.starts_with('–')) {
            let (_, test) = cell.split_once("<br>").unwrap_or_else(|| panic!("no test is named: {cell}"));
            let test = test.trim_matches('`');
            // Of a function, or of what a macro of the tests makes one of.
            let there = code.contains(&format!("fn {test}")) || code.contains(&format!("({test},"));
            assert!(there, "there is no test {test}");
            named += 1;
        }
    }
    assert!(named > 40, "{named} tests are named");
}
