//! The conformance target of the version before, built from the history.
//!
//! `tests/previous-version` names the commit. It is built once, in this workspace's own target directory, with the
//! dependencies that are compiled already wherever they are the same, and kept there.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const COMMIT: &str = include_str!("../../previous-version");

/// Another name, because the target directory has one place for the programs of one name.
const PROGRAM: &str = "previous-conformance-target";

/// Of all packages of the version before.
const VERSION: (&str, &str) = ("0.1.0\"", "0.1.999\"");

/// A test is built with every program of its package.
const OTHER_PROGRAM: &str = "[[bin]]\nname = \"matrix-worker\"\npath = \"src/bin/matrix-worker/main.rs\"\n";

/// Features of dependencies are those of the workspace's tests only where a test is built as well.
const NO_TEST: (&str, &str) = ("tests/nothing.rs", "//! Nothing is tested.\n");

/// The program; `None` where there is no history to build it from, which is said aloud.
///
/// # Panics
/// If it cannot be built; without history also if `IDEM_REQUIRE_HISTORY=1`, as in CI.
pub(crate) fn previous_version() -> Option<&'static Path> {
    static BUILT: LazyLock<Option<PathBuf>> = LazyLock::new(|| match history() {
        Ok(()) => Some(build()),
        Err(missing) => {
            assert!(!is_required(), "{missing}");
            // Not `eprintln!`: that the runner captures.
            drop(writeln!(io::stderr().lock(), "\nSKIPPED, NOT PASSED: {missing}"));
            None
        }
    });
    BUILT.as_deref()
}

fn is_required() -> bool {
    env::var("IDEM_REQUIRE_HISTORY").is_ok_and(|value| !["", "0", "false"].contains(&&*value))
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

fn git(arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(workspace()).args(arguments);
    git
}

fn history() -> Result<(), String> {
    let commit = COMMIT.trim();
    let has = git(&["cat-file", "-e", &format!("{commit}^{{commit}}")]).output();
    match has {
        Ok(has) if has.status.success() => Ok(()),
        Ok(_) => Err(format!("no version before: commit {commit} is not in this history; fetch it whole")),
        Err(error) => Err(format!("no version before: git cannot be run ({error})")),
    }
}

fn build() -> PathBuf {
    // Programs are in `<target directory>/<profile>`.
    let target = Path::new(env!("CARGO_BIN_EXE_conformance-target")).parent().and_then(Path::parent);
    let target = target.expect("the target directory");
    let place = target.join("previous").join(COMMIT.trim());
    fs::create_dir_all(&place).expect("a directory");
    // Test programs may run at once.
    let lock = File::create(place.join("lock")).expect("a file");
    lock.lock().expect("a lock");
    let kept = place.join(PROGRAM);
    if !kept.exists() {
        let source = place.join("source");
        check_out(&source, &place.join("index"));
        compile(&source, target);
        // In two steps, so that it is there whole or not at all.
        let copied = place.join("copied");
        fs::copy(target.join("debug").join(PROGRAM), &copied).expect("a program");
        fs::rename(copied, &kept).expect("it can be renamed");
    }
    kept
}

/// The files of the commit, with an index of their own: the repository stays as it is.
fn check_out(source: &Path, index: &Path) {
    drop(fs::remove_dir_all(source));
    run(git(&["read-tree", COMMIT.trim()]).env("GIT_INDEX_FILE", index));
    let mut prefix = source.as_os_str().to_owned();
    prefix.push("/");
    let mut option = OsStr::new("--prefix=").to_owned();
    option.push(prefix);
    run(git(&["checkout-index", "--all", "--force"]).arg(option).env("GIT_INDEX_FILE", index));
    // Another version number. Without it, cargo gives what does not differ otherwise the file names of this workspace.
    let workspace = source.join("Cargo.toml");
    let text = fs::read_to_string(&workspace).expect("a manifest");
    assert!(text.contains(VERSION.0), "the workspace has the version {}", VERSION.0);
    fs::write(&workspace, text.replace(VERSION.0, VERSION.1)).expect("a manifest");
    let manifest = source.join("tests/Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    // The target directory is this workspace's: no program of the version before may take the place of one of these.
    let mut renamed = replaced(&text, "name = \"conformance-target\"", &format!("name = \"{PROGRAM}\""));
    renamed = replaced(&renamed, "autotests = false\n", "autotests = false\nautobins = false\n");
    renamed = replaced(&renamed, OTHER_PROGRAM, "");
    // Any section goes behind the others.
    let renamed = format!("{renamed}\n[[test]]\nname = \"nothing\"\npath = \"{}\"\n", NO_TEST.0);
    fs::write(&manifest, renamed).expect("a manifest");
    fs::write(source.join("tests").join(NO_TEST.0), NO_TEST.1).expect("a test");
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the manifest of the version before has no {from:?}");
    text.replacen(from, to, 1)
}

fn compile(source: &Path, target: &Path) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(source).args(["build", "--workspace", "--all-features", "--quiet"]);
    build.args(["--bin", PROGRAM, "--test", "nothing", "--target-dir"]).arg(target);
    // What cargo tells a test of its package is not meant for another.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_BIN_EXE_")
            || name.starts_with("CARGO_MANIFEST")
        {
            build.env_remove(&*name);
        }
    }
    run(&mut build);
}

fn run(command: &mut Command) {
    let ran = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    assert!(ran.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&ran.stderr));
}
