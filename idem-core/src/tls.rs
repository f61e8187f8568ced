//! Which of rustls's providers of cryptography is used.
//!
//! rustls panics at the first connection if two are compiled in and the process has chosen none. sqlx brings its own
//! choice to every connection; redis does not, so one is made before it connects.

/// Chooses, unless the application has: then its choice stands.
pub(crate) fn choose_provider() {
    #[cfg(feature = "tls-aws-lc-rs")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "tls-aws-lc-rs"))]
    let provider = rustls::crypto::ring::default_provider();
    // Refused if another part of the process has chosen already.
    let _chosen_before = provider.install_default();
}
