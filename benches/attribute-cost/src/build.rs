//! Cargo, run on the generated workspace.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::Failure;
use crate::args::Args;
use crate::clock::Clock;
use crate::generate;
use crate::kind::Kind;

/// A profile of Cargo's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// `dev`
    Dev,
    /// `release`
    Release,
}

/// What Cargo is asked to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Task {
    /// `cargo build`
    Build,
    /// `cargo check`
    Check,
}

/// The generated workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    jobs: Option<usize>,
    clock: Clock,
}

impl Profile {
    /// As Cargo names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

impl Workspace {
    /// Writes the workspace under this program's own target directory.
    pub(crate) fn generate(args: &Args) -> Result<Self, Failure> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = home.join("../..").canonicalize()?;
        let root = home.join("target/generated");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        generate::workspace(&root, &project, &args.kinds, args.handlers)?;
        Ok(Self { root, target: home.join("target/built"), jobs: args.jobs, clock: args.clock })
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Removes the sources. What was built of the dependencies stays for the next time.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        Ok(fs::remove_dir_all(self.root)?)
    }

    /// The program that a kind is built to.
    pub(crate) fn binary(&self, kind: Kind, profile: Profile) -> PathBuf {
        let directory = if profile == Profile::Dev { "debug" } else { "release" };
        self.target.join(directory).join(format!("{}{}", kind.name(), std::env::consts::EXE_SUFFIX))
    }

    /// Builds what the kind depends on, and the kind.
    pub(crate) fn prepare(&self, task: Task, kind: Kind, profile: Profile) -> Result<(), Failure> {
        self.cargo(task, kind, profile).map(drop)
    }

    /// How many seconds Cargo takes for the crate alone, as after a change of its source.
    ///
    /// # Errors
    /// If it does not build, or if something else was built with it.
    pub(crate) fn time(&self, task: Task, kind: Kind, profile: Profile) -> Result<f64, Failure> {
        let source = self.root.join(kind.name()).join("src/main.rs");
        File::options().append(true).open(source)?.set_modified(SystemTime::now())?;
        let begun = self.clock.now()?;
        let said = self.cargo(task, kind, profile)?;
        let seconds = self.clock.now()? - begun;
        let built: Vec<&str> = said.lines().filter_map(crate_of).collect();
        if built != [kind.name()] {
            return Err(format!("{} was to be built, but what was built is {built:?}", kind.name()).into());
        }
        Ok(seconds)
    }

    /// Runs Cargo, and gives what it says.
    fn cargo(&self, task: Task, kind: Kind, profile: Profile) -> Result<String, Failure> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.arg(match task {
            Task::Build => "build",
            Task::Check => "check",
        });
        command.args([
            "--offline",
            "--color",
            "never",
            "--profile",
            profile.name(),
            "--package",
            &kind.name(),
        ]);
        // What a user has without a configuration file. The one of this repository says something else.
        command.args(["--config", "profile.dev.debug=true", "--config", "profile.release.debug=false"]);
        command.arg("--target-dir").arg(&self.target);
        if let Some(jobs) = self.jobs {
            command.args(["--jobs", &jobs.to_string()]);
        }
        // Incremental, a crate that did not really change would be taken from the last build.
        command.env("CARGO_INCREMENTAL", "0").env("RUSTC_WRAPPER", "");
        let output = command.current_dir(&self.root).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(format!("{} does not build:\n{said}", kind.name()).into());
        }
        Ok(said)
    }
}

/// The crate that a line of Cargo's says is built or checked.
fn crate_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("Compiling ").or_else(|| line.strip_prefix("Checking "))?;
    rest.split_whitespace().next()
}
