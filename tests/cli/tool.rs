//! The binary and a served sandbox, as a person has them.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// So fast that an encryption of an hour and a half takes a moment.
pub(crate) const FAST: &str = "20000";

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Fails the test with everything that was printed unless the exit code is this one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// The binary in an environment that holds nothing but what is said.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cmkctl"));
    command.args(arguments).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

pub(crate) fn finish(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the binary.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    finish(command(arguments))
}

/// Runs it on a fresh sandbox inside its process.
pub(crate) fn rehearse(arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--sandbox", "--speed", FAST]);
    run(&all)
}

/// A scenario's patch on top of another one: objects are joined, everything else is replaced.
pub(crate) fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}

/// A sandbox that several runs share; stopped when dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
    folder: tempfile::TempDir,
}

impl Served {
    pub(crate) fn start(scenario: &str, speed: &str) -> Self {
        Self::with(scenario, speed, &[])
    }

    pub(crate) fn with(scenario: &str, speed: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cloud.json");
        let mut command = command(&["sandbox", "--scenario", scenario, "--speed", speed, "--cloud-file"]);
        let mut child = command.arg(&file).args(more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { child, url, folder }
    }

    /// A scenario that is not built in: a patch over the base tenant.
    pub(crate) fn patched(patch: &Value, speed: &str) -> Self {
        Self::patched_with(patch, speed, &[])
    }

    pub(crate) fn patched_with(patch: &Value, speed: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scenario.json");
        std::fs::write(&file, patch.to_string()).unwrap();
        Self::with(file.to_str().unwrap(), speed, more)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("cloud.json")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, user: &str, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.arg("--cloud").arg(self.file()).args(["--sandbox-user", user]);
        command
    }

    /// Runs the binary as one of the sandbox's users.
    pub(crate) fn run_as(&self, user: &str, arguments: &[&str]) -> Ran {
        finish(self.command(user, arguments))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_as("admin", arguments)
    }

    pub(crate) fn cloud(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.file()).unwrap()).unwrap()
    }

    pub(crate) fn object_id(&self, user: &str) -> String {
        let cloud = self.cloud();
        let users = cloud["users"].as_array().unwrap();
        users.iter().find(|own| own["name"] == user).unwrap()["object_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn ledger(&self) -> Value {
        http(&self.url, "GET", "/_sandbox/ledger", &[], "").json()
    }

    /// What whoever looks at a generated tenant should find.
    pub(crate) fn planted(&self) -> Value {
        http(&self.url, "GET", "/_sandbox/planted", &[], "").json()
    }

    /// What took effect, in order.
    pub(crate) fn effects(&self) -> Vec<String> {
        let ledger = self.ledger();
        ledger["effects"].as_array().unwrap().iter().map(|effect| effect["what"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn reset(&self) {
        assert_eq!(http(&self.url, "POST", "/_sandbox/reset", &[], "").status, 204);
    }

    pub(crate) fn faults(&self, rules: &Value) {
        let answer = http(&self.url, "POST", "/_sandbox/faults", &[], &rules.to_string());
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// A token of one of the sandbox's users, as its sign-in gives it.
    pub(crate) fn token(&self, user: &str, audience: &str) -> String {
        let cloud = self.cloud();
        let tenant = cloud["tenant"].as_str().unwrap();
        let users = cloud["users"].as_array().unwrap();
        let client = users.iter().find(|own| own["name"] == user).unwrap()["client_id"].as_str().unwrap();
        let form =
            format!("grant_type=client_credentials&client_id={client}&client_secret=sandbox&scope={audience}/.default");
        let path = format!("/{tenant}/oauth2/v2.0/token");
        let host = [("x-cmkctl-host", "login.microsoftonline.com")];
        http(&self.url, "POST", &path, &host, &form).json()["access_token"].as_str().unwrap().to_owned()
    }

    /// One request to a played host.
    pub(crate) fn ask(&self, token: &str, method: &str, url: &str, body: &str) -> Answer {
        let rest = url.strip_prefix("https://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("x-cmkctl-host", host), ("content-type", "application/json")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        http(&self.url, method, &format!("/{path}"), &headers, body)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }
}

/// HTTP without a client: what was sent and what came back, byte by byte. Status 0 means that the connection ended without an answer.
pub(crate) fn http(base: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let mut received = Vec::new();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.read_to_end(&mut received));
    let received = String::from_utf8_lossy(&received).into_owned();
    let (head, body) = received.split_once("\r\n\r\n").unwrap_or((received.as_str(), ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
