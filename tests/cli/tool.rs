//! The binary and a served sandbox, as users run them.

use crate::children::{ended, first_line, piped};
use crate::routes;
use crate::specified;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// At this speed, an encryption of an hour and a half takes a moment.
pub(crate) const FAST: &str = "20000";

/// Consent to the outage of the sandbox's environment.
pub(crate) const CONSENT: [&str; 3] = ["--yes", "--confirm", "Contoso UAT"];

/// `enable` with the consent that it requires.
pub(crate) const ENABLE: [&str; 4] = ["enable", "--yes", "--confirm", "Contoso UAT"];

/// Starts the add of the sandbox's environment without waiting.
pub(crate) const START_ADD: [&str; 5] = [
    "add-environment",
    "--yes",
    "--confirm",
    "Contoso UAT",
    "--no-wait",
];

/// Disables the unused key, with the confirmation about deleted environments.
pub(crate) const RETIRE_FREE: [&str; 6] = [
    "retire-key",
    "--key",
    "cmk-free",
    "--deleted-environments-checked",
    "--confirm",
    "cmk-free",
];

/// The results of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Fails with the whole output unless the exit code is this one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Fails unless each text is on one of the two streams.
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) {
        for word in words {
            let said = self.stderr.contains(word) || self.stdout.contains(word);
            assert!(
                said,
                "`{word}` is not said:\n{}\n{}",
                self.stdout, self.stderr
            );
        }
    }

    /// Fails unless each text is on stderr.
    #[track_caller]
    pub(crate) fn says_on_stderr(&self, words: &[&str]) {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is not said: {}",
                self.stderr
            );
        }
    }

    /// The complete output, with fixed words for parts that differ between runs: ports, times, and
    /// ids and digests made from them.
    pub(crate) fn shown(&self) -> String {
        let streams = [("stdout", &self.stdout), ("stderr", &self.stderr)];
        let streams = streams.map(|(name, text)| format!("--- {name} ---\n{}", steady(text)));
        format!("exit {}\n{}", self.code, streams.join(""))
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// A text without what differs from run to run.
pub(crate) fn steady(text: &str) -> String {
    SHAPES.iter().fold(text.to_owned(), |text, (shape, word)| {
        replaced(&text, shape, word)
    })
}

/// The parts that differ between runs, as shape and replacement. In a shape, `9` is a digit, `f` a
/// hexadecimal digit, and `*` any number of further digits.
const SHAPES: [(&str, &str); 12] = [
    ("127.0.0.1:9*", "127.0.0.1:[port]"),
    ("9999-99-99T99:99:99.9*Z", "[moment]"),
    ("9999-99-99T99:99:99Z", "[moment]"),
    (" 99:99 UTC", " [time] UTC"),
    (
        "correlation id ffffffff-ffff-ffff-ffff-ffffffffffff",
        "correlation id [id]",
    ),
    (
        "client request id ffffffff-ffff-ffff-ffff-ffffffffffff",
        "client request id [id]",
    ),
    (
        "\"client_request_id\": \"ffffffff-ffff-ffff-ffff-ffffffffffff\"",
        "\"client_request_id\": \"[id]\"",
    ),
    (
        "\"correlation_id\": \"ffffffff-ffff-ffff-ffff-ffffffffffff\"",
        "\"correlation_id\": \"[id]\"",
    ),
    (
        "\"correlation\": \"ffffffff-ffff-ffff-ffff-ffffffffffff\"",
        "\"correlation\": \"[id]\"",
    ),
    (
        "| 999 | ffffffff-ffff-ffff-ffff-ffffffffffff",
        "| [status] | [id]",
    ),
    ("#9*", "#[number]"),
    (
        "data: `ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff`",
        "data: `[digest]`",
    ),
];

/// Replaces every part with this shape.
fn replaced(text: &str, shape: &str, word: &str) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(length) = fits(rest, shape) {
            made.push_str(word);
            rest = &rest[length..];
        } else {
            made.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    made
}

/// The length of the text's start that has this shape.
fn fits(text: &str, shape: &str) -> Option<usize> {
    let (mut length, mut rest) = (0, text);
    for own in shape.chars() {
        if own == '*' {
            let more = rest
                .find(|ch: char| !ch.is_ascii_digit())
                .unwrap_or(rest.len());
            (length, rest) = (length + more, &rest[more..]);
            continue;
        }
        let next = rest.chars().next()?;
        let same = match own {
            '9' => next.is_ascii_digit(),
            'f' => next.is_ascii_hexdigit(),
            own => next == own,
        };
        if !same {
            return None;
        }
        (length, rest) = (length + next.len_utf8(), &rest[next.len_utf8()..]);
    }
    Some(length)
}

/// The binary with an empty environment, except for what this function sets.
pub(crate) fn command(arguments: &[&str]) -> Command {
    command_of(env!("CARGO_BIN_EXE_cmkctl").as_ref(), arguments)
}

fn command_of(program: &OsStr, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null());
    // Windows finds its own libraries by it.
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    command
}

pub(crate) fn finish(command: Command) -> Ran {
    let output = ended(piped(command));
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The command with a limit for `ulimit`, such as `-f 64`.
#[cfg(unix)]
pub(crate) fn limited(limit: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("ulimit {limit}; exec \"$@\""), "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    shell
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null());
    shell
}

/// Step 3 for an environment in Europe, with a reader of the policy.
pub(crate) fn create_policy_read_by(reader: &str) -> [&str; 6] {
    [
        "create-policy",
        "--location",
        "europe",
        "--reader",
        reader,
        "--yes",
    ]
}

/// Runs the binary.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    finish(command(arguments))
}

/// Runs it on a new sandbox in its own process.
pub(crate) fn rehearse(arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--sandbox", "--speed", FAST]);
    run(&all)
}

/// A scenario with a patch: objects are merged, everything else is replaced.
pub(crate) fn overlaid(base: Value, patch: Value) -> Value {
    let (Value::Object(mut base), Value::Object(patch)) = (base.clone(), &patch) else {
        return patch;
    };
    for (name, value) in patch {
        let below = base.get(name).cloned().unwrap_or(Value::Null);
        base.insert(name.clone(), overlaid(below, value.clone()));
    }
    Value::Object(base)
}

/// The actions of a plan in JSON, in order.
pub(crate) fn actions(document: &Value) -> Vec<String> {
    let all = document["plan"]["actions"].as_array().unwrap().iter();
    all.map(|one| one["action"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until `so` is true, which must be soon.
#[track_caller]
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "never came: {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ctrl-C. No program of Windows sends it to another one.
#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// A folder with a blank in its name, as people at Windows have them: what is pasted must quote it.
pub(crate) fn spaced() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("my ").tempdir().unwrap()
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
        let folder = spaced();
        let file = folder.path().join("cloud.json");
        let mut command = command(&[
            "sandbox",
            "--scenario",
            scenario,
            "--speed",
            speed,
            "--cloud-file",
        ]);
        command
            .arg(&file)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let url = first_line(&mut child);
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        if specified::wanted() {
            let kept = r#"{ "answers": true }"#;
            http(&url, "POST", "/_sandbox/reset", &[], kept);
        }
        Self { child, url, folder }
    }

    /// A patch over the base tenant instead of a built-in scenario.
    pub(crate) fn patched(patch: &Value, speed: &str) -> Self {
        Self::patched_with(patch, speed, &[])
    }

    pub(crate) fn patched_with(patch: &Value, speed: &str, more: &[&str]) -> Self {
        let folder = spaced();
        let file = folder.path().join("scenario.json");
        std::fs::write(&file, patch.to_string()).unwrap();
        Self::with(file.to_str().unwrap(), speed, more)
    }

    pub(crate) fn cloud_file(&self) -> PathBuf {
        self.folder.path().join("cloud.json")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, user: &str, arguments: &[&str]) -> Command {
        // Another build of the client, to show that a test finds its mistakes.
        let tested = std::env::var_os("CMKCTL_TESTED");
        let program = tested.unwrap_or_else(|| env!("CARGO_BIN_EXE_cmkctl").into());
        let mut command = command_of(&program, arguments);
        command
            .arg("--cloud")
            .arg(self.cloud_file())
            .args(["--sandbox-user", user]);
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
        serde_json::from_str(&std::fs::read_to_string(self.cloud_file()).unwrap()).unwrap()
    }

    /// Writes a file beside the cloud file, and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The cloud file's value for `environment`, `policy`, `vault` or `key`.
    pub(crate) fn default_of(&self, what: &str) -> String {
        self.cloud()["defaults"][what].as_str().unwrap().to_owned()
    }

    pub(crate) fn tenant_id(&self) -> String {
        self.cloud()["tenant"].as_str().unwrap().to_owned()
    }

    /// A user's field in the cloud file.
    fn of_user(&self, user: &str, what: &str) -> String {
        let cloud = self.cloud();
        let users = cloud["users"].as_array().unwrap();
        users.iter().find(|own| own["name"] == user).unwrap()[what]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn object_id(&self, user: &str) -> String {
        self.of_user(user, "object_id")
    }

    pub(crate) fn client_id(&self, user: &str) -> String {
        self.of_user(user, "client_id")
    }

    /// The ids of all environments by name. If a name repeats, the last one counts.
    pub(crate) fn ids_by_name(&self) -> BTreeMap<String, String> {
        let all = self.run(&["status", "--all", "-o", "json"]).exits(0).json();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let all = all["environments"].as_array().unwrap().iter();
        all.map(|one| (text(one, "name"), text(one, "id")))
            .collect()
    }

    /// The start of a wanted file, with the sandbox's policy.
    pub(crate) fn policy_block(&self) -> String {
        let [id, vault, key] = ["policy", "vault", "key"].map(|what| self.default_of(what));
        format!(
            "[[policies]]\nid = \"{id}\"\nlocation = \"europe\"\nvault = \"{vault}\"\nkey = \
            \"{key}\"\n"
        )
    }

    pub(crate) fn ledger(&self) -> Value {
        http(&self.url, "GET", "/_sandbox/ledger", &[], "").json()
    }

    /// The exchanges, request by request.
    pub(crate) fn exchanges(&self) -> Value {
        http(&self.url, "GET", "/_sandbox/exchanges", &[], "").json()
    }

    /// The expected states of a generated tenant.
    pub(crate) fn planted(&self) -> Value {
        http(&self.url, "GET", "/_sandbox/planted", &[], "").json()
    }

    /// Every request in order.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.ledger()["log"].as_array().unwrap().clone()
    }

    /// The content of the tenant.
    pub(crate) fn world(&self) -> Value {
        http(&self.url, "GET", "/_sandbox/world", &[], "").json()
    }

    /// The number of effects of this kind.
    pub(crate) fn times(&self, what: &str) -> usize {
        self.effects()
            .iter()
            .filter(|effect| *effect == what)
            .count()
    }

    /// The effects in order.
    pub(crate) fn effects(&self) -> Vec<String> {
        let ledger = self.ledger();
        ledger["effects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|effect| effect["what"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Advances the sandbox and its future clients by these seconds.
    pub(crate) fn advance(&self, seconds: f64) {
        let wanted = serde_json::json!({ "seconds": seconds }).to_string();
        let answer = http(&self.url, "POST", "/_sandbox/advance", &[], &wanted);
        assert_eq!(answer.status, 200, "{}", answer.body);
        std::fs::write(self.cloud_file(), answer.body).unwrap();
    }

    pub(crate) fn reset(&self) {
        self.judged();
        assert_eq!(
            http(&self.url, "POST", "/_sandbox/reset", &[], "").status,
            204
        );
    }

    /// The tenant as it was in the beginning, with a new clock and a new ledger.
    #[cfg(target_os = "linux")]
    pub(crate) fn begins_anew(&self) {
        self.judged();
        let wanted = serde_json::json!({ "answers": specified::wanted() }).to_string();
        let answer = http(&self.url, "POST", "/_sandbox/begin", &[], &wanted);
        assert_eq!(answer.status, 200, "{}", answer.body);
        std::fs::write(self.cloud_file(), answer.body).unwrap();
    }

    /// Checks the exchanges against the specifications, if available.
    #[track_caller]
    fn judged(&self) {
        if specified::wanted() {
            specified::judged(&self.exchanges());
        }
    }

    pub(crate) fn faults(&self, rules: &Value) {
        let answer = http(
            &self.url,
            "POST",
            "/_sandbox/faults",
            &[],
            &rules.to_string(),
        );
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// A token of a sandbox user.
    pub(crate) fn token(&self, user: &str, audience: &str) -> String {
        let (tenant, client) = (self.tenant_id(), self.client_id(user));
        let form = format!(
            "grant_type=client_credentials&client_id={client}&client_secret=sandbox&scope={audience}/.default"
        );
        let path = format!("/{tenant}/oauth2/v2.0/token");
        let host = [("x-cmkctl-host", "login.microsoftonline.com")];
        http(&self.url, "POST", &path, &host, &form).json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Sends a request to a played host.
    pub(crate) fn ask(&self, token: &str, method: &str, url: &str, body: &str) -> Answer {
        let rest = url.strip_prefix("https://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let bearer = format!("Bearer {token}");
        let mut headers = vec![
            ("x-cmkctl-host", host),
            ("content-type", "application/json"),
        ];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        http(&self.url, method, &format!("/{path}"), &headers, body)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let address = self.url.strip_prefix("http://").unwrap_or_default();
        // A stopped sandbox, or a closed door, gives no ledger.
        if !std::thread::panicking() && TcpStream::connect(address).is_ok() {
            let answer = http(&self.url, "GET", "/_sandbox/ledger", &[], "");
            if answer.status == 200 {
                routes::known(&answer.json());
                self.judged();
            }
        }
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
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// A header of the head of a request or an answer.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    headers
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Raw HTTP: the sent and received bytes. Status 0 means that the connection ended without an
/// answer.
pub(crate) fn http(
    base: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let mut received = Vec::new();
    let ended = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.read_to_end(&mut received));
    if let Err(error) = ended {
        // The sandbox may close a connection, but must not be silent.
        let silent = [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind());
        assert!(!silent, "no answer: {method} {path}");
    }
    let received = String::from_utf8_lossy(&received).into_owned();
    let (head, body) = received
        .split_once("\r\n\r\n")
        .unwrap_or((received.as_str(), ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
