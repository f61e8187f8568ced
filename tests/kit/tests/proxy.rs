//! The proxy: what it counts, and what each fault does to client and server.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use idem_testing::proxy::{Fault, Proxy};
use idem_testing::servers::{Postgres, require};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::support::{LONG, Pg, eventually, extended};

/// Answers every line with itself; counts them.
struct Echo {
    address: SocketAddr,
    lines: Arc<AtomicUsize>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    while let Some(line) = line(&mut stream).await {
                        seen.fetch_add(1, Ordering::SeqCst);
                        if stream.write_all(line.as_bytes()).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { address, lines }
    }

    fn lines(&self) -> usize {
        self.lines.load(Ordering::SeqCst)
    }
}

/// A line, or nothing where the connection ends.
async fn line(stream: &mut TcpStream) -> Option<String> {
    let mut line = String::new();
    while !line.ends_with('\n') {
        let byte = timeout(LONG, stream.read_u8()).await.expect("no byte and no end").ok()?;
        line.push(char::from(byte));
    }
    Some(line)
}

async fn ask(stream: &mut TcpStream, text: &str) -> Option<String> {
    stream.write_all(text.as_bytes()).await.ok()?;
    line(stream).await
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.addr()).await.unwrap()
}

#[tokio::test]
async fn a_request_is_what_comes_between_two_answers() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    let mut one = connect(&proxy).await;
    for n in 1..=3 {
        // In pieces, and without an answer between them.
        one.write_all(b"in ").await.unwrap();
        one.flush().await.unwrap();
        assert_eq!(ask(&mut one, "pieces\n").await.unwrap(), "in pieces\n");
        assert_eq!(proxy.requests(), n);
    }
    let mut two = connect(&proxy).await;
    ask(&mut two, "another connection\n").await.unwrap();
    assert_eq!((proxy.requests(), echo.lines()), (4, 4));
}

#[tokio::test]
async fn cut_before_keeps_the_request_from_the_server() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    let mut client = connect(&proxy).await;
    proxy.on_request(2, Fault::CutBefore);
    assert!(ask(&mut client, "a\n").await.is_some());
    assert_eq!(proxy.armed(), 1);
    assert_eq!(ask(&mut client, "b\n").await, None);
    proxy.fired().await;
    assert_eq!((proxy.requests(), proxy.armed(), echo.lines()), (2, 0, 1));
    // Once only.
    assert!(ask(&mut connect(&proxy).await, "c\n").await.is_some());
}

#[tokio::test]
async fn cut_after_send_lets_the_server_have_it() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    proxy.on_next(Fault::CutAfterSend);
    assert_eq!(ask(&mut connect(&proxy).await, "a\n").await, None);
    proxy.fired().await;
    // It may or may not act, but this one does: it reads what has come before it sees the end.
    timeout(LONG, async {
        while echo.lines() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn swallow_reply_waits_for_the_server_to_act() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    let mut client = connect(&proxy).await;
    assert!(ask(&mut client, "a\n").await.is_some());
    proxy.on_next(Fault::SwallowReply);
    assert_eq!(ask(&mut client, "b\n").await, None);
    assert_eq!(echo.lines(), 2);
    proxy.fired().await;
}

#[tokio::test]
async fn a_held_reply_comes_when_resumed() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    let (mut held, mut free) = (connect(&proxy).await, connect(&proxy).await);
    proxy.on_next(Fault::HoldReply);
    held.write_all(b"a\n").await.unwrap();
    proxy.fired().await;
    assert_eq!(echo.lines(), 1);
    // Others go on.
    assert!(ask(&mut free, "b\n").await.is_some());
    assert_eq!(held.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    proxy.resume();
    assert_eq!(line(&mut held).await.unwrap(), "a\n");
}

#[tokio::test]
async fn all_replies_can_be_held() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    proxy.hold_replies();
    let mut client = connect(&proxy).await;
    client.write_all(b"a\n").await.unwrap();
    timeout(LONG, async {
        while echo.lines() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(client.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    proxy.resume();
    assert_eq!(line(&mut client).await.unwrap(), "a\n");
}

#[tokio::test]
async fn refused_connections_are_refused_and_old_ones_go_on() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    let mut old = connect(&proxy).await;
    assert!(ask(&mut old, "a\n").await.is_some());
    for _ in 0..3 {
        proxy.refuse().await.unwrap();
        proxy.refuse().await.unwrap();
        let refused = TcpStream::connect(proxy.addr()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert!(ask(&mut old, "b\n").await.is_some());
        proxy.pass().await.unwrap();
        proxy.pass().await.unwrap();
        assert!(ask(&mut connect(&proxy).await, "c\n").await.is_some());
    }
}

#[tokio::test]
async fn close_all_and_drop_close_every_connection() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    let (mut one, mut two) = (connect(&proxy).await, connect(&proxy).await);
    assert!(ask(&mut one, "a\n").await.is_some() && ask(&mut two, "b\n").await.is_some());
    proxy.close_all().await;
    assert_eq!((line(&mut one).await, line(&mut two).await), (None, None));
    let mut three = connect(&proxy).await;
    assert!(ask(&mut three, "c\n").await.is_some());
    drop(proxy);
    assert_eq!(line(&mut three).await, None);
}

#[tokio::test]
async fn pass_disarms_and_a_lost_connection_spends_its_fault() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await.unwrap();
    proxy.on_next(Fault::CutBefore);
    proxy.on_request(2, Fault::SwallowReply);
    proxy.on_request(2, Fault::CutBefore);
    assert_eq!(proxy.armed(), 2);
    proxy.pass().await.unwrap();
    proxy.fired().await;
    assert!(ask(&mut connect(&proxy).await, "a\n").await.is_some());
    proxy.on_next(Fault::SwallowReply);
    let mut client = connect(&proxy).await;
    client.write_all(b"no end of line, so no answer").await.unwrap();
    while proxy.requests() < 2 {
        tokio::task::yield_now().await;
    }
    proxy.close_all().await;
    proxy.fired().await;
}

#[tokio::test]
async fn a_server_that_is_away_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let proxy = Proxy::to(address).await.unwrap();
    assert_eq!(line(&mut connect(&proxy).await).await, None);
}

#[tokio::test]
async fn a_url_keeps_everything_but_its_host() {
    let proxy = Proxy::to("127.0.0.1:1").await.unwrap();
    let at = proxy.addr();
    for (server, through) in [
        ("postgres://postgres@127.0.0.1:5432/postgres", format!("postgres://postgres@{at}/postgres")),
        (
            "mysql://root:a%40b@db:3306/test?ssl-mode=off",
            format!("mysql://root:a%40b@{at}/test?ssl-mode=off"),
        ),
        ("redis://127.0.0.1:6379", format!("redis://{at}")),
    ] {
        assert_eq!(proxy.url(server), through);
    }
}

/// Whether no other session is left.
const ALONE: &str = "SELECT CASE count(*) WHEN 1 THEN 'alone' ELSE 'in company' END
    FROM pg_stat_activity WHERE backend_type = 'client backend'";

/// The whole plan: count the requests of an operation, then break each in every way, against a real server.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_a_postgres_session_can_be_broken() {
    let Some(postgres) = require(Postgres::start()) else { return };
    let proxy = Proxy::to(postgres.addr()).await.unwrap();
    let mut direct = Pg::connect(postgres.addr());
    direct.ask("CREATE TABLE done ()").unwrap();
    // A login, a simple query and an extended one in four pieces: three round trips.
    let operation = |address: SocketAddr| {
        move || -> std::io::Result<String> {
            let mut pg = Pg::try_connect(address)?;
            pg.ask("SELECT 1")?;
            for piece in extended("INSERT INTO done DEFAULT VALUES") {
                pg.send(&piece)?;
            }
            pg.answer()
        }
    };
    let run = async || tokio::task::spawn_blocking(operation(proxy.addr())).await.unwrap();
    run().await.unwrap();
    assert_eq!(proxy.requests(), 3);
    for n in 1..=3 {
        for fault in Fault::CUTS {
            direct.ask("TRUNCATE done").unwrap();
            proxy.on_request(n, fault);
            run().await.unwrap_err();
            proxy.fired().await;
            // What the broken connection left to do is done when its process is gone.
            eventually("the session ends", || direct.ask(ALONE).unwrap().contains("alone"));
            let applied = direct.ask("SELECT 'rows: ' || count(*) FROM done").unwrap().contains("rows: 1");
            match (n, fault) {
                (3, Fault::SwallowReply) => assert!(applied),
                (3, Fault::CutAfterSend) => {}
                _ => assert!(!applied, "{fault:?} at {n}"),
            }
        }
    }
    run().await.unwrap();
}
