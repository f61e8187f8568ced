//! A Redis of the tests, alone or a cluster, and a client that can say anything to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use idem_core::Address;
use idem_core::store::redis::{RedisStore, RedisStoreBuilder};
use idem_testing::servers::{require, shared};

use crate::support::fresh_name;

/// Records under a prefix of their own.
pub(super) struct Records {
    /// One for a server, several for a cluster.
    pub(super) urls: Vec<String>,
    pub(super) prefix: String,
}

impl Records {
    pub(super) fn server() -> Option<Self> {
        require(shared::redis()).map(|url| Self::at(&[url]))
    }

    pub(super) fn cluster() -> Option<Self> {
        require(shared::cluster()).map(|urls| Self::at(&urls))
    }

    pub(super) fn at<U: AsRef<str>>(urls: &[U]) -> Self {
        Self { urls: urls.iter().map(|url| url.as_ref().to_owned()).collect(), prefix: fresh_name() }
    }

    pub(super) fn builder(&self) -> RedisStoreBuilder {
        let builder = match self.urls.as_slice() {
            [url] => RedisStore::builder(url),
            urls => RedisStore::builder(urls),
        };
        builder.prefix(&self.prefix)
    }

    pub(super) async fn open(&self) -> RedisStore {
        self.builder().open().await.unwrap()
    }

    pub(super) fn shell(&self) -> Shell {
        Shell::to(&self.urls[0])
    }

    pub(super) fn index(&self, address: Address) -> Vec<u8> {
        let [first, second, ..] = *address.as_bytes();
        let bucket = u16::from_be_bytes([first, second]) >> 6;
        format!("{{{}:{bucket:03x}}}", self.prefix).into_bytes()
    }

    pub(super) fn key(&self, address: Address) -> Vec<u8> {
        [&self.index(address)[..], address.as_bytes()].concat()
    }
}

/// A connection to one server.
pub(super) struct Shell(BufReader<TcpStream>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Nil,
    Int(i64),
    Text(Vec<u8>),
    Error(String),
    Many(Vec<Said>),
}

impl Said {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => panic!("not a text: {other:?}"),
        }
    }

    pub(super) fn int(&self) -> i64 {
        match self {
            Self::Int(number) => *number,
            other => panic!("not a number: {other:?}"),
        }
    }

    pub(super) fn many(&self) -> &[Self] {
        match self {
            Self::Many(many) => many,
            other => panic!("not a list: {other:?}"),
        }
    }
}

impl Shell {
    pub(super) fn to(url: &str) -> Self {
        let address = url.trim_start_matches("redis://").trim_end_matches('/');
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    /// `words`, and what was said to them.
    pub(super) fn run<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Said {
        let mut command = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            command.extend(format!("${}\r\n", word.as_ref().len()).bytes());
            command.extend(word.as_ref());
            command.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&command).unwrap();
        self.hear()
    }

    /// Words without spaces in them.
    pub(super) fn say(&mut self, command: &str) -> Said {
        self.run(&command.split(' ').collect::<Vec<_>>())
    }

    /// A command about a key.
    pub(super) fn ask(&mut self, command: &str, key: &[u8]) -> Said {
        self.run(&[command.as_bytes(), key])
    }

    /// What it says unasked, after `MONITOR`.
    pub(super) fn hear_line(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).into_owned()
    }

    fn hear(&mut self) -> Said {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let line = line.trim_end();
        let (kind, rest) = line.split_at(1);
        match kind {
            "+" => Said::Text(rest.as_bytes().to_vec()),
            "-" => Said::Error(rest.to_owned()),
            ":" => Said::Int(rest.parse().unwrap()),
            "$" => match usize::try_from(rest.parse::<i64>().unwrap()) {
                Ok(length) => {
                    let mut text = vec![0; length + 2];
                    self.0.read_exact(&mut text).unwrap();
                    text.truncate(length);
                    Said::Text(text)
                }
                Err(_) => Said::Nil,
            },
            "*" => match usize::try_from(rest.parse::<i64>().unwrap()) {
                Ok(length) => Said::Many((0..length).map(|_| self.hear()).collect()),
                Err(_) => Said::Nil,
            },
            other => panic!("Redis said {other}{rest}"),
        }
    }
}
