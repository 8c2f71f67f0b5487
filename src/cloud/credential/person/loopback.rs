//! Receives the browser's redirect on this machine, at a port that the system chooses (RFC 8252,
//! 7.3).

use super::super::source::Secret;
use super::page::{self, Back};
use std::io::Result;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Limit of a request's head. Browsers send less.
const LONGEST: usize = 32 << 10;
/// A silent connection closes after this time. Browsers open connections that they never use.
const IDLE: Duration = Duration::from_secs(60);
/// Number of attempts to find a port that is free on both addresses.
const PORTS: usize = 5;

/// Listeners on IPv4 and IPv6 at the same port.
pub(super) struct Loopback {
    v4: TcpListener,
    /// Browsers may try IPv6 first for `localhost`.
    v6: Option<TcpListener>,
    port: u16,
}

/// The browser that brought the answer, and waits for a page.
pub(super) struct Visitor {
    stream: TcpStream,
    pub(super) back: Back,
}

impl Loopback {
    /// Listens at a free port.
    ///
    /// # Errors
    /// The system has no free port.
    pub(super) async fn open() -> Result<Self> {
        for _ in 1..PORTS {
            let loopback = Self::at(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?).await?;
            if loopback.v6.is_some() {
                return Ok(loopback);
            }
        }
        Self::at(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?).await
    }

    /// Listens at the port of `v4`, without IPv6 if that port is not free there.
    async fn at(v4: TcpListener) -> Result<Self> {
        let port = v4.local_addr()?.port();
        let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok();
        Ok(Self { v4, v6, port })
    }

    /// The redirect URI. Entra accepts any port only for `localhost`.
    pub(super) fn address(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the browser with the answer to this sign-in. Every other request gets 404.
    pub(super) async fn visitor(&self, state: &Secret) -> Visitor {
        let mut all: JoinSet<Option<Visitor>> = JoinSet::new();
        loop {
            tokio::select! {
                ended = all.join_next(), if !all.is_empty() => {
                    if let Some(Ok(Some(visitor))) = ended {
                        return visitor;
                    }
                }
                stream = self.connected() => {
                    let Some(stream) = stream else {
                        // No connection can be accepted at the moment.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    };
                    let state = state.clone();
                    all.spawn(async move {
                        tokio::time::timeout(IDLE, received(stream, state)).await.ok()?
                    });
                }
            }
        }
    }

    async fn connected(&self) -> Option<TcpStream> {
        let accepted = match &self.v6 {
            None => self.v4.accept().await,
            Some(v6) => tokio::select! {
                accepted = self.v4.accept() => accepted,
                accepted = v6.accept() => accepted,
            },
        };
        accepted.ok().map(|(stream, _)| stream)
    }
}

/// Reads one connection. Returns the visitor if it answers this sign-in.
async fn received(mut stream: TcpStream, state: Secret) -> Option<Visitor> {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.ok()?;
        head.extend_from_slice(buffer.get(..read)?);
        if read == 0 || head.len() > LONGEST {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let line = head.lines().next().unwrap_or_default();
    if let Some(back) = page::back(line, &state) {
        return Some(Visitor { stream, back });
    }
    send(&mut stream, "404 Not Found", "").await;
    None
}

impl Visitor {
    /// Sends the page and closes the connection.
    pub(super) async fn shown(mut self, page: &str) {
        send(&mut self.stream, "200 OK", page).await;
    }
}

/// Ignores a failure: a browser that has gone only misses its page.
async fn send(stream: &mut TcpStream, status: &str, body: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
        cache-control: no-store\r\nreferrer-policy: no-referrer\r\ncontent-security-policy: \
        default-src 'none'\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let sending = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    tokio::time::timeout(Duration::from_secs(2), sending)
        .await
        .ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn run<T>(work: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(work)
    }

    /// Sends one request and reads the whole answer.
    fn ask(port: u16, target: &str) -> String {
        let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let text = format!("GET {target} HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn others_are_told_that_nothing_is_here_and_idle_ones_do_not_block() {
        run(async {
            let loopback = Loopback::open().await.unwrap();
            let port = loopback.port;
            let others = std::thread::spawn(move || {
                let idle: Vec<_> = (0..8)
                    .map(|_| std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap())
                    .collect();
                for target in ["/favicon.ico", "/", "/?code=x&state=wrong", "/?state=s2"] {
                    let answer = ask(port, target);
                    assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
                }
                let page = ask(port, "/?code=c&state=s");
                drop(idle);
                page
            });
            let visitor = loopback.visitor(&Secret::new("s".to_owned())).await;
            assert!(matches!(&visitor.back, Back::Code(code) if code.secret() == "c"));
            visitor.shown(&page::done()).await;
            let page = others.join().unwrap();
            assert!(page.contains("You are signed in.") && page.contains("no-store"));
        });
    }

    #[test]
    fn a_port_that_is_taken_on_the_other_address_is_used_on_this_one() {
        run(async {
            let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = v4.local_addr().unwrap().port();
            // A machine without IPv6 behaves as if the port were taken.
            let taken = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await;
            let loopback = Loopback::at(v4).await.unwrap();
            assert!(loopback.v6.is_none());
            let other = std::thread::spawn(move || ask(port, "/?code=c&state=s"));
            loopback
                .visitor(&Secret::new("s".to_owned()))
                .await
                .shown("x")
                .await;
            assert!(other.join().unwrap().ends_with("x"));
            drop(taken);
        });
    }
}
