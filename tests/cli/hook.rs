//! A webhook on this machine: it keeps what it is posted, and answers as it is told.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    /// The first line and the headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Posted {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// How a webhook answers: each answer once, and the last one for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Says {
    Status(u16),
    /// To another address.
    Redirect,
    Nothing,
}

pub(crate) struct Hook {
    pub(crate) url: String,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Hook {
    pub(crate) fn start(answers: &'static [Says]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook/secret-path", listener.local_addr().unwrap());
        let posted = Arc::new(Mutex::new(Vec::new()));
        let all = posted.clone();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let says = answers[number.min(answers.len() - 1)];
                let all = all.clone();
                std::thread::spawn(move || serve(stream.unwrap(), says, &all));
            }
        });
        Self { url, posted }
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    /// The documents that came, in their order.
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.posted().iter().map(Posted::json).collect()
    }
}

fn serve(stream: TcpStream, says: Says, all: &Mutex<Vec<Posted>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_lowercase();
        if let Some(own) = line.strip_prefix("content-length:") {
            length = own.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
        head.push_str(&line);
        head.push('\n');
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    all.lock().unwrap().push(Posted { head, body });
    let answer = match says {
        Says::Status(status) => format!("HTTP/1.1 {status} X\r\n"),
        Says::Redirect => "HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:9/\r\n".to_owned(),
        Says::Nothing => {
            std::thread::sleep(Duration::from_secs(60));
            return;
        }
    };
    let mut stream = stream;
    let rest = "content-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(format!("{answer}{rest}").as_bytes()).ok();
}
