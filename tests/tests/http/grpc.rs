//! gRPC over tonic, with idem as a layer of its server.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, BufMut};
use idem_core::service::{Protection, Route, ServiceLayer};
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::client;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http;
use tonic::metadata::MetadataValue;
use tonic::server::{self, NamedService, UnaryService};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tower::Service;

/// Messages are text.
#[derive(Debug, Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| Status::invalid_argument("no text"))
    }
}

/// `shop.Orders`: a message `fail N` is answered with the status N.
#[derive(Debug, Clone, Default)]
struct Orders {
    runs: Arc<AtomicU64>,
}

impl NamedService for Orders {
    const NAME: &'static str = "shop.Orders";
}

impl UnaryService<String> for Orders {
    type Response = String;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<String>, Status>> + Send>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            let text = request.into_inner();
            match text.strip_prefix("fail ").and_then(|code| code.parse().ok()) {
                Some(code) => Err(Status::new(Code::from_i32(code), format!("run {run} has failed: 100 %"))),
                None => {
                    let mut response = Response::new(format!("run {run} of {text}"));
                    response.metadata_mut().insert("x-run", MetadataValue::from(run));
                    Ok(response)
                }
            }
        })
    }
}

impl<B> Service<http::Request<B>> for Orders
where
    B: tonic::codegen::Body + Send + 'static,
    B::Error: Into<tonic::codegen::StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let orders = self.clone();
        Box::pin(async move { Ok(server::Grpc::new(Text).unary(orders, request).await) })
    }
}

fn layer() -> ServiceLayer {
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
    idem.service_layer(|_| Protection::Keyed(Route::new()))
}

/// A client of a server of its own.
async fn connect(orders: &Orders) -> client::Grpc<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server::builder().layer(layer()).add_service(orders.clone());
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    client::Grpc::new(endpoint.connect().await.expect("a connection"))
}

async fn ask(
    client: &mut client::Grpc<Channel>,
    key: Option<&str>,
    text: &str,
) -> Result<Response<String>, Status> {
    client.ready().await.expect("a connection");
    let mut request = Request::new(text.to_owned());
    request.metadata_mut().insert("x-account", MetadataValue::from_static("ada"));
    if let Some(key) = key {
        request.metadata_mut().insert("idempotency-key", key.parse().expect("a value"));
    }
    client.unary(request, http::uri::PathAndQuery::from_static("/shop.Orders/Create"), Text).await
}

#[tokio::test]
async fn a_message_its_metadata_and_its_status_are_replayed() {
    let orders = Orders::default();
    let mut client = connect(&orders).await;
    for replay in [false, true] {
        let answer = ask(&mut client, Some("k"), "tea").await.expect("an answer");
        assert_eq!(answer.metadata().get("x-run").map(MetadataValue::as_bytes), Some(&b"1"[..]));
        assert_eq!(answer.metadata().contains_key("idempotent-replayed"), replay);
        assert_eq!(answer.into_inner(), "run 1 of tea");
    }
    let other = ask(&mut client, Some("k"), "coffee").await.expect_err("a refusal");
    assert_eq!(other.code(), Code::InvalidArgument);
    assert_eq!(code_of(&other), Some("idempotency-key-reused"));
    let keyless = ask(&mut client, None, "tea").await.expect_err("a refusal");
    assert_eq!((keyless.code(), code_of(&keyless)), (Code::InvalidArgument, Some("idempotency-key-missing")));
    assert_eq!(orders.runs.load(Ordering::SeqCst), 1);
}

fn code_of(status: &Status) -> Option<&str> {
    status.metadata().get("idempotency-code")?.to_str().ok()
}

#[tokio::test]
async fn a_failure_is_replayed_where_it_is_the_answer_and_runs_again_where_it_is_not() {
    let orders = Orders::default();
    let mut client = connect(&orders).await;
    for (code, runs) in [(Code::FailedPrecondition, 1), (Code::Unavailable, 2), (Code::Internal, 2)] {
        let before = orders.runs.load(Ordering::SeqCst);
        let (key, text) = (format!("{code:?}"), format!("fail {}", code as i32));
        let first = ask(&mut client, Some(&key), &text).await.expect_err("a failure");
        let again = ask(&mut client, Some(&key), &text).await.expect_err("a failure");
        assert_eq!((first.code(), again.code()), (code, code));
        assert_eq!(orders.runs.load(Ordering::SeqCst) - before, runs, "{code:?}");
        if runs == 1 {
            assert_eq!(first.message(), again.message(), "as it was said, with its percent sign");
        }
    }
}
