//! What an error body says about the key.

use serde_json::Value;

/// A problem document is small; a larger body is data of the service.
const MOST: usize = 64 * 1024;

/// What the body says about the key, as far as the engine acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    InProgress,
    KeyReused,
    OutcomeUnknown,
    ResultUnavailable,
    KeyExpired,
    Nothing,
}

/// Reads `code`, Stripe's `error.code` and `error.type`, the last part of a problem's `type`, and the draft's
/// own title.
pub(super) fn read(body: &[u8]) -> Said {
    if body.len() > MOST {
        return Said::Nothing;
    }
    let Ok(Value::Object(problem)) = serde_json::from_slice::<Value>(body) else {
        return Said::Nothing;
    };
    let error = problem.get("error").unwrap_or(&Value::Null);
    let names = [problem.get("code"), error.get("code"), error.get("type")];
    let coded = names.into_iter().flatten().filter_map(Value::as_str).map(by_code);
    let typed = problem.get("type").and_then(Value::as_str).map(by_type);
    let titled = problem.get("title").and_then(Value::as_str).map(by_title);
    coded.chain(typed).chain(titled).find(|said| *said != Said::Nothing).unwrap_or(Said::Nothing)
}

fn by_code(code: &str) -> Said {
    match normal(code).as_str() {
        // Ours, Stripe's, Shopify's.
        "request-in-progress" | "idempotency-key-in-use" | "idempotency-concurrent-request" => {
            Said::InProgress
        }
        // Ours, Stripe's type, Amazon's, Shopify's.
        "idempotency-key-reused"
        | "idempotency-error"
        | "idempotentparametermismatch"
        | "idempotency-key-parameter-mismatch" => Said::KeyReused,
        "outcome-unknown" => Said::OutcomeUnknown,
        "result-unavailable" => Said::ResultUnavailable,
        "key-expired" => Said::KeyExpired,
        _ => Said::Nothing,
    }
}

/// A problem type is a URI; its last part names the problem. A name such as `order-in-progress` may belong to the
/// service, so other names count only where the URI is about idempotency.
fn by_type(uri: &str) -> Said {
    let uri = normal(uri);
    let name = uri.rsplit(['/', '#', ':']).next().unwrap_or_default();
    match (by_code(name), name) {
        (Said::Nothing, "in-progress" | "request-in-flight" | "concurrent-request") => Said::InProgress,
        (Said::Nothing, _)
            if uri.contains("idempoten")
                && ["in-progress", "in-flight", "in-use", "concurrent"]
                    .iter()
                    .any(|mark| uri.contains(mark)) =>
        {
            Said::InProgress
        }
        (said, _) => said,
    }
}

/// The example of draft-ietf-httpapi-idempotency-key-header-07 §2.7 tells its three errors apart by title only.
fn by_title(title: &str) -> Said {
    let title = normal(title);
    if title.contains("outstanding for this idempotency-key") {
        Said::InProgress
    } else if title.contains("idempotency-key is already used") {
        Said::KeyReused
    } else {
        Said::Nothing
    }
}

fn normal(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_dialects() {
        for (body, said) in [
            (r#"{"code":"request-in-progress"}"#, Said::InProgress),
            (
                r#"{"error":{"code":"idempotency_key_in_use","type":"invalid_request_error"}}"#,
                Said::InProgress,
            ),
            (r#"{"type":"https://idem.example/problems/request-in-progress"}"#, Said::InProgress),
            (r#"{"type":"urn:problem:in-progress"}"#, Said::InProgress),
            (r#"{"type":"https://a.example/idempotency#key-in-flight"}"#, Said::InProgress),
            (
                r#"{"type":"https://developer.example.com/idempotency","title":"A request is outstanding for this Idempotency-Key"}"#,
                Said::InProgress,
            ),
            (r#"{"error":{"type":"idempotency_error"}}"#, Said::KeyReused),
            (r#"{"code":"idempotency-key-reused"}"#, Said::KeyReused),
            (r#"{"title":"Idempotency-Key is already used"}"#, Said::KeyReused),
            (r#"{"code":"outcome-unknown"}"#, Said::OutcomeUnknown),
            (r#"{"code":"result-unavailable"}"#, Said::ResultUnavailable),
            (r#"{"code":"key-expired"}"#, Said::KeyExpired),
        ] {
            assert_eq!(read(body.as_bytes()), said, "{body}");
        }
    }

    #[test]
    fn a_business_conflict_is_not_in_progress() {
        for body in [
            r#"{"code":"order-in-progress"}"#,
            r#"{"type":"https://shop.example/problems/transfer-in-progress"}"#,
            r#"{"code":409}"#,
            r#"{"error":"request-in-progress"}"#,
            r#"["request-in-progress"]"#,
            "request-in-progress",
            "",
        ] {
            assert_eq!(read(body.as_bytes()), Said::Nothing, "{body}");
        }
        let large = format!(r#"{{"code":"request-in-progress","pad":"{}"}}"#, "x".repeat(MOST));
        assert_eq!(read(large.as_bytes()), Said::Nothing);
    }
}
