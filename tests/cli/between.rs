//! A proxy between the binary and its sandbox. It is slow or silent, has a wrong clock, or changes
//! a part of an answer.

use crate::tool::{Ran, Served, command, finish, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A change of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// Sends a byte every quarter of a second.
    Drip,
    /// Sends nothing, and keeps the connection open.
    Hang,
    /// Shifts the `Date` by this many seconds.
    Off(i64),
    /// Always sends this `Date`.
    Still(Timestamp),
    /// Changes the body of an answer to a `GET`.
    Body(fn(&mut Value)),
    /// Replaces the answer to a `GET` by a success with this body.
    Says(fn() -> Value),
    /// Replaces the answer to a `GET` by an error with this status.
    Status(u16),
    /// Delays the answer to a `GET` by this many milliseconds.
    Late(u64),
}

/// A deed, and the requests it applies to: those whose `HOST METHOD PATH` contains the text.
pub(crate) type Rule = (&'static str, Deed);
pub(crate) type Deeds = Vec<Rule>;

pub(crate) struct Between {
    file: PathBuf,
    deeds: Arc<Mutex<Deeds>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Number of matching answers that stay unchanged at first.
    first: usize,
}

impl Between {
    pub(crate) fn new(served: &Served, deeds: Deeds) -> Self {
        Self::after(served, 0, deeds)
    }

    /// Leaves the first `first` matching answers unchanged.
    pub(crate) fn after(served: &Served, first: usize, deeds: Deeds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut cloud = served.cloud();
        cloud["sandbox"]["url"] = json!(format!("http://127.0.0.1:{port}/"));
        let file = served.folder().join(format!("between-{port}.json"));
        std::fs::write(&file, cloud.to_string()).unwrap();
        let between = Self {
            file,
            deeds: Arc::new(Mutex::new(deeds)),
            asked: Arc::default(),
            first,
        };
        let sandbox = served
            .url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let (deeds, asked) = (between.deeds.clone(), between.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (own, sandbox) = (
                    Self {
                        file: PathBuf::new(),
                        deeds: deeds.clone(),
                        asked: asked.clone(),
                        first,
                    },
                    sandbox.clone(),
                );
                std::thread::spawn(move || own.serve(stream, &sandbox));
            }
        });
        between
    }

    pub(crate) fn does(&self, deeds: Deeds) {
        *self.deeds.lock().unwrap() = deeds;
    }

    /// The number of requests that contain this text.
    pub(crate) fn times_asked(&self, words: &str) -> usize {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.contains(words))
            .count()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.arg("--cloud").arg(&self.file);
        command
    }

    pub(crate) fn run_as(&self, user: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.args(["--sandbox-user", user]);
        finish(command)
    }

    /// The deeds for this request.
    fn due(&self, line: &str) -> Vec<Deed> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(line.to_owned());
        let fits = |line: &String, (words, deed): &Rule| {
            let reads = matches!(
                deed,
                Deed::Body(_) | Deed::Says(_) | Deed::Status(_) | Deed::Late(_)
            );
            line.contains(words) && (!reads || line.contains(" GET "))
        };
        let due = |rule: &&Rule| {
            fits(&line.to_owned(), rule)
                && asked.iter().filter(|line| fits(line, rule)).count() > self.first
        };
        self.deeds
            .lock()
            .unwrap()
            .iter()
            .filter(due)
            .map(|rule| rule.1)
            .collect()
    }

    /// Serves one request, and closes the connection after the answer.
    fn serve(&self, mut stream: TcpStream, sandbox: &str) -> Option<()> {
        let (head, mut body) = received(&mut stream)?;
        let length: usize = header(&head, "content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        let mut rest = vec![0; length.saturating_sub(body.len())];
        stream.read_exact(&mut rest).ok()?;
        body.extend(rest);
        let first = head.lines().next()?.rsplit_once(' ')?.0;
        let deeds = self.due(&format!(
            "{} {first}",
            header(&head, "x-cmkctl-host").unwrap_or_default()
        ));
        let mut onward = TcpStream::connect(sandbox).ok()?;
        let kept = without(&head, &["host", "connection", "accept-encoding"]);
        onward
            .write_all(format!("{kept}\r\nhost: {sandbox}\r\nconnection: close\r\n\r\n").as_bytes())
            .ok()?;
        onward.write_all(&body).ok()?;
        let (mut head, mut body) = received(&mut onward)?;
        onward.read_to_end(&mut body).ok()?;
        let mut drips = false;
        for deed in deeds {
            match deed {
                Deed::Drip => drips = true,
                Deed::Hang => std::thread::sleep(Duration::from_secs(120)),
                Deed::Late(milliseconds) => std::thread::sleep(Duration::from_millis(milliseconds)),
                Deed::Off(seconds) => {
                    let told = jiff::fmt::rfc2822::parse(header(&head, "date")?)
                        .ok()?
                        .timestamp();
                    head = dated(&head, told + SignedDuration::from_secs(seconds));
                }
                Deed::Still(date) => head = dated(&head, date),
                Deed::Body(change) => {
                    let mut value: Value = serde_json::from_slice(&body).unwrap();
                    change(&mut value);
                    body = value.to_string().into_bytes();
                }
                Deed::Says(told) => {
                    let rest = head.split_once("\r\n").map_or("", |(_, rest)| rest);
                    head = format!("HTTP/1.1 200 OK\r\n{rest}");
                    body = told().to_string().into_bytes();
                }
                Deed::Status(status) => {
                    let rest = head.split_once("\r\n").map_or("", |(_, rest)| rest);
                    head = format!("HTTP/1.1 {status} Odd\r\n{rest}");
                    body = json!({ "error": { "code": "Odd", "message": "It is so." } })
                        .to_string()
                        .into_bytes();
                }
            }
        }
        let head = without(&head, &["content-length", "transfer-encoding"]);
        let mut whole = format!("{head}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        whole.extend(body);
        let piece = if drips { 1 } else { whole.len() };
        for some in whole.chunks(piece) {
            stream.write_all(some).ok()?;
            if drips {
                std::thread::sleep(Duration::from_millis(250));
            }
        }
        Some(())
    }
}

/// Reads the head up to its empty line, and the part of the body after it.
fn received(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut received = Vec::new();
    loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = received.split_off(end + 4);
            return Some((String::from_utf8_lossy(&received).into_owned(), body));
        }
        let mut some = [0; 4096];
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&some[..count]);
    }
}

/// The lines of a head without these headers.
fn without(head: &str, names: &[&str]) -> String {
    let name = |line: &str| {
        line.split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let kept = head
        .lines()
        .filter(|line| !line.is_empty() && !names.contains(&name(line).as_str()));
    kept.collect::<Vec<_>>().join("\r\n")
}

fn dated(head: &str, date: Timestamp) -> String {
    format!(
        "{}\r\n{}",
        without(head, &["date"]),
        date.strftime("date: %a, %d %b %Y %H:%M:%S GMT")
    )
}
