//! Manifests.

use std::path::Path;

use crate::kind::Kind;

/// The workspace's. Profiles are Cargo's defaults; the build sets what a configuration file could change.
pub(super) fn workspace(project: &Path, kinds: &[Kind]) -> String {
    let members: Vec<String> = kinds.iter().map(|kind| format!("{:?}", kind.name())).collect();
    format!(
        r#"[workspace]
resolver = "3"
members = [{}]

[workspace.dependencies]
idem-core = {{ path = "{}", features = ["axum", "sqlite-tx"] }}
axum = {{ version = "0.8", default-features = false, features = ["http1", "tokio", "json"] }}
serde = {{ version = "1", features = ["derive"] }}
sqlx = {{ version = "0.9", default-features = false, features = ["runtime-tokio", "sqlite-bundled"] }}
tokio = {{ version = "1", features = ["full"] }}
"#,
        members.join(", "),
        project.join("idem-core").display(),
    )
}

/// A crate's. All have the same dependencies with the same features, so that these are built once.
pub(super) fn krate(kind: Kind) -> String {
    format!(
        r#"[package]
name = "{}"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
idem-core.workspace = true
axum.workspace = true
serde.workspace = true
sqlx.workspace = true
tokio.workspace = true
"#,
        kind.name()
    )
}
