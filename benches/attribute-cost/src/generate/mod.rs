//! The generated workspace: a crate for each kind.

mod krate;
mod manifest;
mod shape;
mod template;

use std::fs;
use std::path::Path;

use crate::Failure;
use crate::kind::Kind;

/// Writes all crates under `root`, which depend on the idem-core of `project` and on the versions of its lock file.
pub(crate) fn workspace(root: &Path, project: &Path, kinds: &[Kind], handlers: usize) -> Result<(), Failure> {
    fs::create_dir_all(root)?;
    fs::write(root.join("Cargo.toml"), manifest::workspace(project, kinds))?;
    fs::copy(project.join("Cargo.lock"), root.join("Cargo.lock"))?;
    for kind in kinds {
        let home = root.join(kind.name());
        for (path, text) in krate::files(*kind, handlers) {
            let path = home.join(path);
            fs::create_dir_all(path.parent().ok_or("a file without a directory")?)?;
            fs::write(path, text)?;
        }
    }
    Ok(())
}
