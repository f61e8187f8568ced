//! TLS to the databases: certificates are checked, against the system's roots.

use std::path::{Path, PathBuf};
use std::process::Command;

use idem_testing::servers::{MariaDb, Postgres, Redis, require};
use tempfile::TempDir;

use crate::support::{Target, post, refuses_to_start_with};

/// An authority of our own, and a certificate for localhost that it has signed.
struct Certificates {
    _directory: TempDir,
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificates {
    /// `None`, said aloud, where there is no openssl to make them with.
    fn make() -> Option<Self> {
        let directory = TempDir::new().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("names"), "subjectAltName=DNS:localhost").expect("a file");
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
                   -keyout authority.key -out authority.pem";
        let request = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout \
                       server.key -out server.csr";
        let sign = "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile \
                    names -out server.pem";
        for arguments in [new, request, sign] {
            let made = Command::new("openssl").args(arguments.split(' ')).current_dir(&directory).output();
            let Ok(made) = made else {
                assert!(std::env::var_os("CI").is_none(), "openssl is not installed");
                // Past the runner's capture.
                drop(std::io::Write::write_all(
                    &mut std::io::stderr(),
                    b"\nSKIPPED, NOT PASSED: TLS to the databases needs openssl to make certificates\n",
                ));
                return None;
            };
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        let (authority, certificate, key) = (at("authority.pem"), at("server.pem"), at("server.key"));
        // The servers run as users of their own.
        for path in [directory.path(), &certificate, &key, &authority] {
            open_to_all(path);
        }
        Some(Self { _directory: directory, authority, certificate, key })
    }
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
}

/// A target that trusts the authority serves; one that does not will not start.
fn check(url: &str, certificates: &Certificates) {
    let trusted = [("SSL_CERT_FILE", certificates.authority.as_path())];
    let target = Target::start_with(&["--store", url], &trusted);
    assert_eq!(target.send(&post("/pay").key("k")).status, 201);
    assert!(target.send(&post("/pay").key("k")).is_replay());
    // Roots that do not include the test's authority: the certificate of the server itself is none.
    let nobody = [("SSL_CERT_FILE", Path::new("/dev/null"))];
    let (code, said) = refuses_to_start_with(&["--store", url], &nobody);
    assert_eq!(code, 1, "{said}");
}

#[test]
fn postgres() {
    let Some(certificates) = Certificates::make() else { return };
    let path = |path: &Path| path.display().to_string();
    // PostgreSQL wants a key that only its own user can read.
    let key = certificates.key.with_file_name("postgres.key");
    std::fs::copy(&certificates.key, &key).expect("a copy");
    let builder = Postgres::builder()
        .setting("ssl", "on")
        .setting("ssl_cert_file", path(&certificates.certificate))
        .setting("ssl_key_file", path(&own_by_postgres(&key)));
    let Some(server) = require(builder.start()) else { return };
    let url = server.url().replace("127.0.0.1", "localhost");
    check(&format!("{url}?sslmode=verify-full"), &certificates);
}

/// In a test that runs as root, the server runs as `postgres`, which must own the key. Else the server runs as the user of
/// the test, who owns the key already.
fn own_by_postgres(key: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).expect("permissions");
    let _may_be_refused = Command::new("chown").arg("postgres").arg(key).output();
    key.to_owned()
}

#[test]
fn mariadb() {
    let Some(certificates) = Certificates::make() else { return };
    let builder = MariaDb::builder()
        .setting("ssl_cert", certificates.certificate.display().to_string())
        .setting("ssl_key", certificates.key.display().to_string());
    let Some(server) = require(builder.start()) else { return };
    let url = server.url().replace("127.0.0.1", "localhost");
    check(&format!("{url}?ssl-mode=VERIFY_IDENTITY"), &certificates);
}

#[test]
fn redis() {
    let Some(certificates) = Certificates::make() else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let builder = Redis::builder()
        .setting("tls-port", port.to_string())
        .setting("tls-cert-file", certificates.certificate.display().to_string())
        .setting("tls-key-file", certificates.key.display().to_string())
        .setting("tls-ca-cert-file", certificates.authority.display().to_string())
        .setting("tls-auth-clients", "no");
    let Some(_server) = require(builder.start()) else { return };
    check(&format!("rediss://localhost:{port}"), &certificates);
}
