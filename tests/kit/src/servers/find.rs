//! Where programs are: on the path, and where systems keep servers off it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Directories that are not on the path of an ordinary user, or of any user.
const MORE: [&str; 5] =
    ["/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/local/pgsql/bin", "/opt/homebrew/bin"];

/// All of `programs`, or nothing.
pub(crate) fn all(programs: &[&str]) -> Option<Vec<PathBuf>> {
    let directories = directories();
    programs.iter().map(|program| one(&directories, program)).collect()
}

/// The first of `directories` that has `program`.
fn one(directories: &[PathBuf], program: &str) -> Option<PathBuf> {
    directories.iter().map(|directory| directory.join(program)).find(|path| path.is_file())
}

/// In the order of preference. Debian's versions of PostgreSQL come first, so that all its programs are of one.
fn directories() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    postgres_versions().into_iter().chain(env::split_paths(&path)).chain(MORE.map(PathBuf::from)).collect()
}

/// `/usr/lib/postgresql/*/bin`, the newest first.
fn postgres_versions() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<_> =
        entries.flatten().filter_map(|entry| Some((version(&entry.path())?, entry.path()))).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, path)| path.join("bin")).collect()
}
