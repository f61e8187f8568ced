//! The crypto provider of the feature `tls-ring`.

/// Installs ring for the process, unless the program has chosen a provider before.
pub(super) fn install_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing the race to another thread means that a provider is there.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}
