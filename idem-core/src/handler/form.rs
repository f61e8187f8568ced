//! HTTP handlers as a [`Form`].

use std::future::Future;
use std::pin::Pin;

use http::HeaderValue;

#[cfg(feature = "_tx")]
use super::former::Before;
use super::response_body::{Limits, whole};
use super::written_down::written_down;
use super::{Classed, Marked, Response, not_run, problem};
use crate::engine::Engine;
use crate::fault::points;
use crate::form::{Fate, Form, FormPoints, PanicPayload};
use crate::outcome::ErrorClass;
use crate::policy::OnError;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::response::{Profile, REPLAYED, Stored, class_of};

/// A handler, down to its response.
pub(super) struct HttpForm {
    profile: Profile,
    limits: Limits,
    /// Where the version before may have written the record.
    #[cfg(feature = "_tx")]
    former: Option<Box<Before>>,
}

impl HttpForm {
    /// As the engine of the layer says; `None`: there is no layer.
    pub(super) fn of(engine: Option<&Engine>) -> Self {
        let config = engine.map(|engine| &engine.config);
        Self {
            profile: config.map_or_else(Profile::default, |config| config.profile),
            limits: config.map_or(Limits::NONE, Limits::of),
            #[cfg(feature = "_tx")]
            former: None,
        }
    }

    #[cfg(feature = "_tx")]
    pub(super) fn in_a_transaction(mut self, limits: Limits, former: Option<Box<Before>>) -> Self {
        self.limits = limits;
        self.former = former;
        self
    }
}

impl Form for HttpForm {
    type Output = Response;
    type Writing = Pin<Box<dyn Future<Output = (Response, Reply)> + Send>>;

    const POINTS: FormPoints = FormPoints {
        handler_before: points::AXUM_HANDLER_BEFORE,
        handler_after: points::AXUM_HANDLER_AFTER,
        settle_before: points::AXUM_SETTLE_BEFORE,
        settle_after: points::AXUM_SETTLE_AFTER,
        answer_before: points::AXUM_ANSWER_BEFORE,
    };

    fn refused(&self, refused: Refused) -> Response {
        problem(&refused, self.profile)
    }

    fn not_run(&self, refused: Refused) -> Response {
        not_run(&refused, self.profile)
    }

    /// The stored response, marked as a replay.
    fn replay(&self, reply: &Reply) -> Response {
        match Stored::read(reply) {
            Stored::Response(mut response, trailers) => {
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                response.map(|bytes| whole(bytes, trailers.map(|lines| *lines)))
            }
            Stored::Tombstone(why) => self.refused(Refused::ResultUnavailable(why)),
        }
    }

    /// 500, as for any other handler that panics.
    fn panicked(&self, refused: Refused, _: PanicPayload) -> Result<Response, PanicPayload> {
        Ok(self.refused(refused))
    }

    fn fate(&self, response: &Response, on_error: OnError, wanted: bool) -> Fate {
        let mark = response.extensions().get::<Marked>().map_or(ErrorClass::Default, |mark| mark.0);
        let classed = response.extensions().get::<Classed>();
        let class = classed.map_or_else(|| class_of(response.status()), |classed| classed.0);
        Fate::of(mark, class, on_error, wanted)
    }

    fn write_down(&self, response: Response) -> Self::Writing {
        Box::pin(written_down(response, self.limits))
    }

    #[cfg(feature = "_tx")]
    async fn answer_of_former_version(&mut self) -> Result<Reply, Refused> {
        match self.former.take() {
            Some(former) => former.answer().await,
            None => Err(Refused::KeyReused),
        }
    }
}
