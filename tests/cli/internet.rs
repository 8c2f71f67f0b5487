//! Plays the internet with a proxy and a sandbox behind it. The binary runs as in reality (no
//! `--sandbox`, the public cloud, https, its own sign-in), and no byte leaves this machine.

use crate::tool::{Answer, Served, command, header, http};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// A self-signed certificate for the played hosts. Only runs with its `--ca-bundle` trust it.
const CERTIFICATE: &str = "MIIB/DCCAaKgAwIBAgIBAjAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxjbWtjdGwgdGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcx\
FTATBgNVBAMMDGNta2N0bCB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNtN+2+gJnrU/1OqHfb9P4yhWGmNUBd8NCV8m7XyX0+H+efqwbSxctBv\
gLuzaoo+7MqVLvvmI+PclDSjThDF/UijgdwwgdkwDAYDVR0TAQH/BAIwADATBgNVHSUEDDAKBggrBgEFBQcDATCBlAYDVR0RBIGMMIGJghlsb2dpbi5taWNy\
b3NvZnRvbmxpbmUuY29tghRtYW5hZ2VtZW50LmF6dXJlLmNvbYIVYXBpLmJhcC5taWNyb3NvZnQuY29tghcqLmFwaS5iYXAubWljcm9zb2Z0LmNvbYITKi5j\
cm00LmR5bmFtaWNzLmNvbYIRKi52YXVsdC5henVyZS5uZXQwHQYDVR0OBBYEFPDQ9xIyTrtA1yQPJbASHhqdXZaZMAoGCCqGSM49BAMCA0gAMEUCIFA3O0PP\
ZMeBdF+E+8U++zt0ggiskujRqJHmA78B/+Z9AiEA45fMSVpvVS/Yi1wVWzLdGNJF/4fzdV+0FlYnKjZ5aVA=";
/// Its key. It protects nothing.
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgW4bIiN8RCRTkAx61G7oDnatG8wIt++DGjSGC+Rg+QcehRANCAATbTftvoCZ61P9Tqh32/T+M\
oVhpjVAXfDQlfJu18l9Ph/nn6sG0sXLQb4C7s2qKPuzKlS775iPj3JQ0o04Qxf1I";

/// A request through the proxy, or to the runner's endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) host: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The proxy, its sandbox and the requests.
pub(crate) struct Internet {
    pub(crate) served: Served,
    pub(crate) address: String,
    bundle: PathBuf,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Every host of a `CONNECT`, also without a request.
    connected: Arc<Mutex<Vec<String>>>,
}

/// The test's own answer to a request; `None` forwards it to the sandbox.
pub(crate) type Own = dyn Fn(usize, &Asked) -> Option<Answer> + Send + Sync;

/// Builds an answer of the test.
pub(crate) fn answer(status: u16, body: String) -> Option<Answer> {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: \
        close\r\ncontent-length: {}",
        body.len()
    );
    Some(Answer { status, head, body })
}

impl Internet {
    pub(crate) fn over(
        served: Served,
        own: impl Fn(usize, &Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let own: Arc<Own> = Arc::new(own);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let bundle = served.folder().join("ca.pem");
        std::fs::write(
            &bundle,
            format!("-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n"),
        )
        .unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let connected = Arc::new(Mutex::new(Vec::new()));
        let (log, sandbox, tls, hosts) =
            (asked.clone(), served.url.clone(), tls(), connected.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, sandbox, tls) = (log.clone(), sandbox.clone(), tls.clone());
                let (own, hosts) = (own.clone(), hosts.clone());
                std::thread::spawn(move || serve(stream, &tls, &sandbox, (&log, &hosts), &*own));
            }
        });
        Self {
            served,
            address,
            bundle,
            asked,
            connected,
        }
    }

    /// The binary in the public cloud.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command
            .env("HTTPS_PROXY", format!("http://{}", self.address))
            .env("CMKCTL_CA_BUNDLE", &self.bundle);
        command
    }

    pub(crate) fn bundle(&self) -> &std::path::Path {
        &self.bundle
    }

    /// The number of connections to hosts whose name contains `part`.
    pub(crate) fn connections(&self, part: &str) -> usize {
        self.connected
            .lock()
            .unwrap()
            .iter()
            .filter(|host| host.contains(part))
            .count()
    }

    /// The hosts that received a request.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let hosts: std::collections::BTreeSet<_> =
            asked.iter().map(|asked| asked.host.clone()).collect();
        hosts.into_iter().collect()
    }

    /// All requests to a host, in order; `runner` is the proxy's own address.
    pub(crate) fn asked(&self, host: &str) -> Vec<Asked> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|asked| asked.host == host)
            .cloned()
            .collect()
    }
}

fn tls() -> Arc<ServerConfig> {
    let certificate = CertificateDer::from(STANDARD.decode(CERTIFICATE).unwrap());
    let key = PrivatePkcs8KeyDer::from(STANDARD.decode(KEY).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    Arc::new(
        builder
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .unwrap(),
    )
}

/// Head and body of a request; `None` if the client left.
fn read_request(stream: &mut impl Read) -> Option<(String, String)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = header(&head, "content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

fn serve(
    mut stream: TcpStream,
    tls: &Arc<ServerConfig>,
    sandbox: &str,
    (log, hosts): (&Mutex<Vec<Asked>>, &Mutex<Vec<String>>),
    own: &Own,
) -> Option<()> {
    let (head, body) = read_request(&mut stream)?;
    let Some(host) = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(':').next())
        .map(str::to_owned)
    else {
        // A request over plain http is for the runner's endpoint.
        return reply_to(
            &mut stream,
            Asked {
                host: "runner".to_owned(),
                head,
                body,
            },
            sandbox,
            log,
            own,
        );
    };
    hosts.lock().ok()?.push(host.clone());
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let mut stream = StreamOwned::new(ServerConnection::new(tls.clone()).ok()?, stream);
    let (head, body) = read_request(&mut stream)?;
    reply_to(&mut stream, Asked { host, head, body }, sandbox, log, own)?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

fn reply_to(
    stream: &mut impl Write,
    asked: Asked,
    sandbox: &str,
    log: &Mutex<Vec<Asked>>,
    own: &Own,
) -> Option<()> {
    let number = {
        let mut log = log.lock().ok()?;
        log.push(asked.clone());
        log.iter().filter(|other| other.host == asked.host).count()
    };
    let answer = own(number, &asked).unwrap_or_else(|| {
        let mut line = asked.head.split(' ');
        let (method, path) = (
            line.next().unwrap_or_default(),
            line.next().unwrap_or_default(),
        );
        let kept = ["authorization", "content-type"]
            .into_iter()
            .filter_map(|name| Some((name, header(&asked.head, name)?)));
        let headers: Vec<_> = kept
            .chain([("x-cmkctl-host", asked.host.as_str())])
            .collect();
        http(sandbox, method, path, &headers, &asked.body)
    });
    stream
        .write_all(format!("{}\r\n\r\n{}", answer.head, answer.body).as_bytes())
        .ok()?;
    stream.flush().ok()
}
