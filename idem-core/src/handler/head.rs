//! What of a request's head counts in its fingerprint.

use http::{HeaderMap, HeaderValue, header};

use super::captured::Captured;
use super::path;
use crate::fingerprint::Fingerprint;
use crate::policy::Spec;

/// Where the key of a call comes from, and what the handler says about its fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The key is a header: the whole request counts.
    Request,
    /// The key is in the payload, and says what the payload says.
    Payload,
    /// The handler has computed what counts.
    Value,
}

/// `base`, of the body or of a value, with the parts of the head that count as well.
pub(super) fn with_head(base: Fingerprint, says: Says, captured: &Captured, spec: &Spec) -> Fingerprint {
    let mut parts = base.with_parts();
    if spec.name.is_some() {
        let path = path::canonical(captured.uri.path(), captured.route());
        parts = parts.part("path", path.as_bytes());
        if captured.method_counts {
            parts = parts.part("method", captured.method.as_str().as_bytes());
        }
    }
    match says {
        Says::Value => {}
        Says::Payload => parts = parts.part("query", captured.uri.query().unwrap_or_default().as_bytes()),
        Says::Request => {
            if let Some(coding) = captured.handle.hasher.coding() {
                parts = parts.part("content-encoding", coding.as_bytes());
            }
        }
    }
    for name in spec.fingerprint_headers {
        let lines = captured.fields.as_ref().map(|fields| fields.get_all(*name));
        let mut lines = lines.iter().flatten().map(HeaderValue::as_bytes).peekable();
        // An absent field is not an empty one.
        parts = match lines.peek() {
            None => parts.part("no field", name.as_bytes()),
            // RFC 9110 §5.3: several lines mean the same as one with commas.
            Some(_) => parts
                .part("field", name.as_bytes())
                .part("value", &lines.collect::<Vec<_>>().join(&b", "[..])),
        };
    }
    parts.finish()
}

/// The codings of a body in the order in which they were applied (RFC 9110 §8.4), in lower case; `None` if there is none.
pub(super) fn content_coding(headers: &HeaderMap) -> Option<String> {
    let mut codings = String::new();
    for line in headers.get_all(header::CONTENT_ENCODING) {
        for coding in String::from_utf8_lossy(line.as_bytes()).split(',') {
            let coding = coding.trim().to_ascii_lowercase();
            // RFC 9110 §8.4.1: recipients take the old names for the new ones.
            let coding = coding
                .strip_prefix("x-")
                .filter(|name| matches!(*name, "gzip" | "compress"))
                .unwrap_or(&coding);
            if !matches!(coding, "" | "identity") {
                codings.extend([if codings.is_empty() { "" } else { "," }, coding]);
            }
        }
    }
    (!codings.is_empty()).then_some(codings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_has_one_form() {
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(line));
            }
            content_coding(&headers)
        };
        for none in [&[][..], &[""], &["identity"], &[" , Identity"]] {
            assert_eq!(of(none), None, "{none:?}");
        }
        for gzip in [&["gzip"][..], &["GZIP "], &["x-gzip"], &["identity, gzip"], &["identity", "gzip"]] {
            assert_eq!(of(gzip).as_deref(), Some("gzip"), "{gzip:?}");
        }
        assert_eq!(of(&["br, gzip"]), of(&["br", "gzip"]));
        assert_ne!(of(&["br, gzip"]), of(&["gzip, br"]));
        assert_eq!(of(&["x-br"]).as_deref(), Some("x-br"));
    }
}
