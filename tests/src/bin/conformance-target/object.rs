//! A JSON object, kept as it was written.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use idem_core::NoEffect;
use serde_json::value::RawValue;

/// The body of a payment: any JSON object; its bytes are not touched.
#[derive(Debug)]
pub(crate) struct Object(pub(crate) Box<RawValue>);

#[derive(Debug)]
pub(crate) enum NotAnObject {
    Json(JsonRejection),
    Other,
}

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = NotAnObject;

    async fn from_request(request: Request, state: &S) -> Result<Self, NotAnObject> {
        let Json(value) =
            Json::<Box<RawValue>>::from_request(request, state).await.map_err(NotAnObject::Json)?;
        if value.get().starts_with('{') { Ok(Self(value)) } else { Err(NotAnObject::Other) }
    }
}

/// Nothing has run. A layer in front of the service cannot know that, so the response says `NoEffect`.
impl IntoResponse for NotAnObject {
    fn into_response(self) -> Response {
        match self {
            Self::Json(rejection) => NoEffect(rejection).into_response(),
            Self::Other => {
                NoEffect((StatusCode::BAD_REQUEST, "the body must be a JSON object")).into_response()
            }
        }
    }
}
