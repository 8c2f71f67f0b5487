//! Something between the binary and its sandbox that can be slow, silent, or wrong about the time.

use crate::tool::{Served, command};
use jiff::{SignedDuration, Timestamp};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is done to an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Deed {
    Pass,
    /// A byte every quarter of a second.
    Drip,
    /// Nothing at all, and the connection stays.
    Hang,
    /// The date is so many seconds off.
    Off(i64),
    /// Time stands still at the service: its date is this one.
    Still(Timestamp),
}

/// What is done to which answers: the first whose words are in `HOST METHOD PATH`.
pub(crate) type Deeds = Vec<(&'static str, Deed)>;

pub(crate) struct Between {
    pub(crate) served: Served,
    file: PathBuf,
    deeds: Arc<Mutex<Deeds>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Between {
    pub(crate) fn before(served: Served, deeds: Deeds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut cloud = served.cloud();
        cloud["sandbox"]["url"] = format!("http://{}", listener.local_addr().unwrap()).into();
        let file = served.folder().join("between.json");
        std::fs::write(&file, cloud.to_string()).unwrap();
        let (deeds, asked) = (Arc::new(Mutex::new(deeds)), Arc::new(Mutex::new(Vec::new())));
        let (own, log, sandbox) = (deeds.clone(), asked.clone(), served.url.replace("http://", ""));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (own, log, sandbox) = (own.clone(), log.clone(), sandbox.clone());
                std::thread::spawn(move || serve(stream, &sandbox, &own, &log));
            }
        });
        Self { served, file, deeds, asked }
    }

    pub(crate) fn does(&self, deeds: Deeds) {
        *self.deeds.lock().unwrap() = deeds;
    }

    /// How often something with these words in it was asked for.
    pub(crate) fn asked(&self, words: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|line| line.contains(words)).count()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.arg("--cloud").arg(&self.file);
        command
    }
}

fn head_of(text: &[u8]) -> Option<(String, usize)> {
    let end = text.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    Some((String::from_utf8_lossy(&text[..end]).into_owned(), end))
}

fn header(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// One request to a connection, which is closed after its answer.
fn serve(mut stream: TcpStream, sandbox: &str, deeds: &Mutex<Deeds>, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut received = Vec::new();
    let (head, end) = loop {
        if let Some(whole) = head_of(&received) {
            break whole;
        }
        let mut some = [0; 4096];
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&some[..count]);
    };
    let length: usize = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = received[end..].to_vec();
    let missing = length.saturating_sub(body.len());
    let mut rest = vec![0; missing];
    stream.read_exact(&mut rest).ok()?;
    body.extend(rest);
    let first = head.lines().next()?.rsplit_once(' ')?.0;
    let line = format!("{} {first}", header(&head, "x-cmkctl-host").unwrap_or_default());
    log.lock().unwrap().push(line.clone());
    let deed = deeds.lock().unwrap().iter().find(|(words, _)| line.contains(words)).map_or(Deed::Pass, |own| own.1);
    let mut onward = TcpStream::connect(sandbox).ok()?;
    let kept = head.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !line.is_empty() && !line.starts_with("host:") && !line.starts_with("connection:")
    });
    let kept = kept.collect::<Vec<_>>().join("\r\n");
    onward.write_all(format!("{kept}\r\nhost: {sandbox}\r\nconnection: close\r\n\r\n").as_bytes()).ok()?;
    onward.write_all(&body).ok()?;
    let mut answer = Vec::new();
    onward.read_to_end(&mut answer).ok()?;
    let (head, end) = head_of(&answer)?;
    let told =
        header(&head, "date").and_then(|date| jiff::fmt::rfc2822::parse(&date).ok()).map(|date| date.timestamp());
    let date = match deed {
        Deed::Off(seconds) => told.map(|date| date + SignedDuration::from_secs(seconds)),
        Deed::Still(date) => Some(date),
        _ => told,
    };
    let mut lines: Vec<String> = head
        .lines()
        .filter(|line| !line.is_empty() && !line.to_ascii_lowercase().starts_with("date:"))
        .map(str::to_owned)
        .collect();
    lines.extend(date.map(|date| date.strftime("date: %a, %d %b %Y %H:%M:%S GMT").to_string()));
    let mut whole = format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes();
    whole.extend_from_slice(&answer[end..]);
    match deed {
        Deed::Hang => std::thread::sleep(Duration::from_secs(120)),
        Deed::Drip => {
            for byte in whole {
                stream.write_all(&[byte]).ok()?;
                std::thread::sleep(Duration::from_millis(250));
            }
        }
        _ => stream.write_all(&whole).ok()?,
    }
    Some(())
}
