//! A user signs in through cmkctl itself. The browser is a script that passes the address to the
//! test. The test plays the user: it requests the sandbox's sign-in page and follows the redirect.

use crate::children::{ended, piped};
use crate::internet::{Internet, answer};
use crate::sandbox_sign_ins::says;
use crate::sign_in::{keeps_secrets, sign_ins};
use crate::terminal::Typing;
use crate::tool::{Answer, Ran, Served, finish, http, interrupt, rehearse, until};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cmkctl::cloud::credential::memory::{Memory, Store};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use url::Url;

/// The proxy before the sandbox, and the user's home folder.
struct Desk {
    net: Internet,
    home: tempfile::TempDir,
}

/// A run that has opened its browser.
struct Waiting {
    child: Child,
    /// The address for the browser.
    address: Url,
}

impl Drop for Desk {
    /// Removes its key from the system's store.
    fn drop(&mut self) {
        self.memory().forget_all().ok();
    }
}

impl Desk {
    fn new(
        own: impl Fn(&crate::internet::Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let net = Internet::over(Served::start("ready", "1"), move |_, asked| own(asked));
        let home = tempfile::tempdir().unwrap();
        let desk = Self { net, home };
        let script = "#!/bin/sh\nprintf '%s' \"$1\" > \"$0.asked.new\"\nmv \"$0.asked.new\" \
            \"$0.asked\"\n";
        std::fs::write(desk.browser(), script).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(desk.browser(), mode).unwrap();
        desk
    }

    fn plain() -> Self {
        Self::new(|_| None)
    }

    /// A desk whose user has signed in with `auth login`. `None` if the system has no key store.
    fn logged_in() -> Option<Self> {
        let desk = Self::plain();
        desk.memory().fault().is_none().then_some(())?;
        desk.signs_in(&["auth", "login"]).exits(0);
        Some(desk)
    }

    fn memory(&self) -> Memory {
        Memory::open(self.home.path().join(".cache/cmkctl"), Store::System)
    }

    /// Adds an `az` that is signed in as another user, and logs its start.
    fn has_az(&self) {
        let token = self
            .net
            .served
            .token("observer", "https://management.azure.com");
        let text = format!(
            "#!/bin/sh\ntouch \"$0.started\"\nprintf '{{ \"accessToken\": \"{token}\", \
            \"expires_on\": 4102444800, \"tokenType\": \"Bearer\" }}'\n"
        );
        let file = self.home.path().join("az");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn az_was_started(&self) -> bool {
        self.home.path().join("az.started").exists()
    }

    /// Runs `status` of the environment.
    fn status(&self, more: &[&str]) -> Ran {
        let id = self.net.served.default_of("environment");
        self.run(&[&["status", id.as_str()], more].concat())
    }

    fn pages(&self) -> usize {
        sign_ins(&self.net.served, "/authorize")
    }

    fn browser(&self) -> PathBuf {
        self.home.path().join("browser")
    }

    fn asked(&self) -> PathBuf {
        self.home.path().join("browser.asked")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.net.command(arguments);
        command
            .env("HOME", self.home.path())
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.home.path().display()),
            )
            .env("AZURE_TENANT_ID", self.net.served.tenant_id());
        command
    }

    /// Runs without a browser.
    fn run(&self, arguments: &[&str]) -> Ran {
        keeps(finish(self.command(arguments)))
    }

    /// Starts the command, and waits for its browser.
    fn start(&self, arguments: &[&str]) -> Waiting {
        let _ = std::fs::remove_file(self.asked());
        let mut command = self.command(arguments);
        command.env("BROWSER", self.browser());
        let child = piped(command);
        until("the browser is opened", || self.asked().exists());
        let address = std::fs::read_to_string(self.asked()).unwrap();
        Waiting {
            child,
            address: Url::parse(&address).unwrap(),
        }
    }

    /// Runs the command, and the user signs in.
    fn signs_in(&self, arguments: &[&str]) -> Ran {
        let waiting = self.start(arguments);
        let page = self.visits(&waiting);
        assert!(page.contains("You are signed in."), "{page}");
        waiting.ends()
    }

    /// The redirect of the sign-in page.
    fn redirect(&self, address: &Url) -> Url {
        let host = [("x-cmkctl-host", address.host_str().unwrap())];
        let path = format!("{}?{}", address.path(), address.query().unwrap());
        let answer = http(&self.net.served.url, "GET", &path, &host, "");
        assert_eq!(answer.status, 302, "{}", answer.body);
        Url::parse(answer.header("location").unwrap()).unwrap()
    }

    /// The user signs in. Returns the final page.
    fn visits(&self, waiting: &Waiting) -> String {
        visit(&self.redirect(&waiting.address))
    }
}

impl Waiting {
    fn parameter(&self, name: &str) -> String {
        let mut pairs = self.address.query_pairs();
        let found = pairs.find(|(own, _)| own == name);
        found.map_or(String::new(), |(_, value)| value.into_owned())
    }

    fn redirect(&self) -> String {
        self.parameter("redirect_uri")
    }

    fn ends(self) -> Ran {
        let output = ended(self.child);
        keeps(Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        })
    }
}

/// Checks that no secret of a sign-in is printed.
#[track_caller]
fn keeps(ran: Ran) -> Ran {
    let ran = keeps_secrets(ran);
    for secret in ["sandbox-code", "code_verifier", "refresh_token="] {
        assert!(!ran.stdout.contains(secret), "{secret}: {}", ran.stdout);
        assert!(!ran.stderr.contains(secret), "{secret}: {}", ran.stderr);
    }
    ran
}

/// The browser requests an address of this machine.
fn visit(url: &Url) -> String {
    let host = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(host).unwrap();
    let target = url.query().map_or_else(
        || url.path().to_owned(),
        |query| format!("{}?{query}", url.path()),
    );
    let text = format!(
        "GET {target} HTTP/1.1\r\nhost: {}:{}\r\n\r\n",
        host.0, host.1
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The address with these query parameters.
fn with(address: &str, pairs: &[(&str, &str)]) -> Url {
    let mut url = Url::parse(address).unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

const BY_BROWSER: [&str; 5] = ["auth", "status", "--auth", "browser", "-v"];

#[test]
fn a_person_signs_in_once_for_all_services() {
    let desk = Desk::plain();
    let ran = desk.signs_in(&BY_BROWSER).exits(0);
    ran.says(&[
        "Signed in with `browser`.",
        "Name                      admin@contoso.onmicrosoft.com",
        "If it does not open, open this address:",
        "/oauth2/v2.0/authorize?client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    ]);
    assert_eq!(ran.stdout.matches("token received").count(), 2);
    assert_eq!(sign_ins(&desk.net.served, "/authorize"), 1);
    assert_eq!(sign_ins(&desk.net.served, "/token"), 2);
}

#[test]
fn the_page_is_asked_as_the_specification_says() {
    let desk = Desk::plain();
    let waiting = desk.start(&BY_BROWSER);
    let redirect = waiting.redirect();
    assert!(redirect.starts_with("http://localhost:"), "{redirect}");
    for (name, value) in [
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
        (
            "scope",
            "https://management.azure.com/.default offline_access",
        ),
        ("claims", ""),
    ] {
        assert_eq!(waiting.parameter(name), value, "{name}");
    }
    assert_eq!(waiting.parameter("code_challenge").len(), 43);
    assert_eq!(waiting.parameter("state").len(), 43);
    desk.visits(&waiting);
    waiting.ends().exits(0);
}

#[test]
fn what_is_not_the_answer_is_not_taken_for_it() {
    let desk = Desk::plain();
    let waiting = desk.start(&BY_BROWSER);
    let redirect = waiting.redirect();
    let port = Url::parse(&redirect).unwrap().port().unwrap();
    // Idle connections of a browser, and another tab.
    let idle: Vec<_> = (0..4)
        .map(|_| TcpStream::connect(("localhost", port)).unwrap())
        .collect();
    for url in [
        with(&redirect, &[("code", "x"), ("state", "wrong")]),
        with(&redirect, &[("code", "x")]),
        with(&redirect, &[("error", "access_denied"), ("state", "wrong")]),
        Url::parse(&format!("{redirect}/favicon.ico")).unwrap(),
        Url::parse(&redirect).unwrap(),
    ] {
        let page = visit(&url);
        assert!(page.starts_with("HTTP/1.1 404 "), "{url}: {page}");
    }
    let page = desk.visits(&waiting);
    assert!(page.contains("You are signed in."), "{page}");
    drop(idle);
    waiting.ends().exits(0);
    // The listener has closed.
    assert!(TcpStream::connect(("localhost", port)).is_err());
}

#[test]
fn a_sign_in_that_fails_is_told_in_the_browser_and_at_the_terminal() {
    let desk = Desk::plain();
    let failed = |pairs: &[(&str, &str)], words: &[&str]| {
        let waiting = desk.start(&BY_BROWSER);
        let state = waiting.parameter("state");
        let mut all = pairs.to_vec();
        all.push(("state", &state));
        let page = visit(&with(&waiting.redirect(), &all));
        assert!(page.contains("You are not signed in."), "{page}");
        assert!(!page.contains("<script>"), "{page}");
        let ran = waiting.ends().exits(4);
        ran.says_on_stderr(&["Sign-in with `browser` failed."]);
        ran.says_on_stderr(words);
        assert!(sign_ins(&desk.net.served, "/authorize") == 0);
        page
    };
    failed(
        &[
            ("error", "access_denied"),
            (
                "error_description",
                "AADSTS65004: User declined to consent.",
            ),
        ],
        &[
            "AADSTS65004: User declined to consent.",
            "cmkctl auth login",
        ],
    );
    let page = failed(
        &[
            ("error", "x"),
            ("error_description", "<script>alert(1)</script>"),
        ],
        &["cmkctl auth login"],
    );
    assert!(page.contains("&lt;script&gt;"), "{page}");
    failed(&[], &["The browser returned no sign-in code."]);
    failed(
        &[("code", "sandbox-code.other")],
        &["AADSTS70000", "cmkctl auth login"],
    );
    says(&desk.net.served, &json!({ "answers": "consent_required" }));
    let waiting = desk.start(&BY_BROWSER);
    let page = desk.visits(&waiting);
    assert!(page.contains("AADSTS90094"), "{page}");
    let ran = waiting.ends().exits(4);
    ran.says_on_stderr(&["AADSTS90094", "Ask a Microsoft Entra administrator"]);
}

#[test]
fn a_page_in_the_place_of_tokens_is_the_network() {
    let desk = Desk::new(|asked| {
        let token = asked.head.contains("/oauth2/v2.0/token");
        let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: \
            close\r\ncontent-length: 13";
        token.then(|| Answer {
            status: 200,
            head: page.to_owned(),
            body: "<html></html>".to_owned(),
        })
    });
    let waiting = desk.start(&BY_BROWSER);
    let page = desk.visits(&waiting);
    assert!(page.contains("You are not signed in."), "{page}");
    waiting.ends().exits(4).says_on_stderr(&[
        "login.microsoftonline.com answered 200 with a web page",
        "ask the network administrator",
    ]);
}

#[test]
fn ctrl_c_ends_the_wait() {
    let desk = Desk::plain();
    let waiting = desk.start(&BY_BROWSER);
    let port = Url::parse(&waiting.redirect()).unwrap().port().unwrap();
    interrupt(&waiting.child);
    let ran = waiting.ends().exits(130);
    ran.says_on_stderr(&["The sign-in was stopped."]);
    assert!(TcpStream::connect(("localhost", port)).is_err());
    assert_eq!(sign_ins(&desk.net.served, "/token"), 0);
}

#[test]
fn a_code_that_is_never_typed_ends_the_wait() {
    let desk = Desk::new(|asked| {
        if asked.head.contains("/oauth2/v2.0/devicecode") {
            let code = json!({ "user_code": "X1", "device_code": "d", "expires_in": 1,
                "interval": 0, "verification_uri": "https://microsoft.com/devicelogin" });
            return answer(200, code.to_string());
        }
        let polls = asked.head.contains("/oauth2/v2.0/token");
        let pending = json!({ "error": "authorization_pending" }).to_string();
        polls.then(|| answer(400, pending)).flatten()
    });
    let ran = desk
        .run(&["auth", "status", "--auth", "device-code"])
        .exits(4);
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    for words in [
        "enter the code X1",
        "The code expired before you entered it.",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn without_a_terminal_no_browser_is_expected() {
    let desk = Desk::plain();
    let ran = desk.run(&BY_BROWSER).exits(4);
    ran.says_on_stderr(&[
        "Sign-in with `browser` is interactive and requires a user.",
        "There is no terminal, and `BROWSER` is not set.",
        "In CI: set `AZURE_TENANT_ID`",
    ]);
    assert_eq!(desk.net.asked("login.microsoftonline.com").len(), 0);
    // The browser can't be started, but the user can open the shown address.
    let mut command = desk.command(&BY_BROWSER);
    command.env("BROWSER", "/nonexistent/browser");
    let mut child = piped(command);
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    while !said.contains("No browser could be opened (") {
        let mut buffer = [0; 512];
        let read = stderr.read(&mut buffer).unwrap();
        assert!(read > 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let line = said.lines().find(|line| line.starts_with("https://"));
    let waiting = Waiting {
        child,
        address: Url::parse(line.unwrap()).unwrap(),
    };
    assert!(desk.visits(&waiting).contains("You are signed in."));
    waiting.ends().exits(0);
}

/// The claims of a service's challenge.
fn second_factor() -> Value {
    json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } })
}

#[test]
fn a_challenge_for_claims_is_answered_once() {
    let desk = Desk::plain();
    let served = &desk.net.served;
    says(
        served,
        &json!({ "demand": { "claims": second_factor(), "services": ["bap"] } }),
    );
    let id = served.default_of("environment");
    let words = ["environment-name", &id, "--auth", "browser"];
    let first = desk.start(&words);
    assert!(desk.visits(&first).contains("You are signed in."));
    // The service requires more, so the user signs in again.
    std::fs::remove_file(desk.asked()).unwrap();
    until("the browser is opened again", || desk.asked().exists());
    let address = std::fs::read_to_string(desk.asked()).unwrap();
    let second = Waiting {
        child: first.child,
        address: Url::parse(&address).unwrap(),
    };
    assert_eq!(second.parameter("claims"), second_factor().to_string());
    assert!(desk.visits(&second).contains("You are signed in."));
    second.ends().exits(0).says(&["Contoso UAT"]);
    assert_eq!(sign_ins(served, "/authorize"), 2);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all
}

/// Checks that no file in the home holds a secret in plain text.
#[track_caller]
fn nothing_in_plain_text(desk: &Desk) {
    for file in files(&desk.home.path().join(".cache")) {
        let bytes = std::fs::read(&file).unwrap();
        for secret in ["sandbox-refresh", "eyJ", "hunter2", "admin@contoso"] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} is in {}", file.display());
        }
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        let sealed = file.ends_with("remembered.sealed");
        assert!(!sealed || mode == 0o600, "{mode:o} {}", file.display());
    }
}

#[test]
fn who_logged_in_is_signed_in_until_the_logout() {
    let desk = Desk::plain();
    if desk.memory().fault().is_some() {
        return;
    }
    let ran = desk.signs_in(&["auth", "login", "-vvv"]).exits(0);
    ran.says(&[
        "Name        admin@contoso.onmicrosoft.com",
        "By          browser",
        "until `cmkctl auth logout`, or 90 days without use",
        "remembered.sealed`, sealed",
    ]);
    nothing_in_plain_text(&desk);
    desk.has_az();
    for _ in 0..2 {
        let ran = desk.status(&["-vvv"]).exits(0);
        ran.says_on_stderr(&["Signed in with `login`."]);
    }
    let ran = desk.run(&["auth", "status"]).exits(0);
    ran.says(&[
        "* login                   ready (admin@contoso.onmicrosoft.com, by browser, since ",
        "By                        login",
    ]);
    assert_eq!(desk.pages(), 1);
    assert!(!desk.az_was_started());
    nothing_in_plain_text(&desk);
    let other = "22222222-2222-3333-4444-555555555555";
    let ran = desk
        .run(&["auth", "status", "--auth", "login", "--tenant", other])
        .exits(4);
    ran.says_on_stderr(&[
        "no one is signed in to this tenant",
        "auth login --tenant 2222",
    ]);
    desk.run(&["auth", "status", "--auth", "login", "--client-id", other])
        .exits(4);
    desk.run(&["auth", "status", "--auth", "login", "--no-remember"])
        .exits(4);
    let ran = desk.run(&["auth", "logout"]).exits(0);
    ran.says(&["Removed: 1 sign-in, 0 tokens.", "cmkctl deleted the file"]);
    let ran = desk.run(&["auth", "logout"]).exits(0);
    assert_eq!(ran.stdout, "Nothing was remembered.\n");
    desk.run(&["auth", "status", "--auth", "login"]).exits(4);
    // Now the tool is used again.
    desk.run(&["auth", "status"]);
    assert!(desk.az_was_started());
}

#[test]
fn a_code_or_a_certificate_is_remembered_too() {
    let desk = Desk::plain();
    if desk.memory().fault().is_some() {
        return;
    }
    let ran = desk.run(&["auth", "login", "--device-code"]).exits(0);
    ran.says(&["SANDBOX42", "By          device-code"]);
    let ran = desk.status(&["-v"]).exits(0);
    ran.says_on_stderr(&["Signed in with `login`."]);
    assert_eq!(ran.stderr.matches("SANDBOX42").count(), 0);
    // The application in the environment variables is used first, and the output says so.
    let mut command = desk.command(&["auth", "login", "--device-code"]);
    command
        .env("AZURE_CLIENT_ID", "c")
        .env("AZURE_CLIENT_SECRET", "hunter2");
    let ran = keeps(finish(command)).exits(0);
    ran.says_on_stderr(&["set up the sign-in method `environment`", "`--auth login`"]);

    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/data/certificates");
    let plain = std::fs::read_to_string(data.join("plain.pem")).unwrap();
    let begin = plain.find("-----BEGIN CERTIFICATE-----").unwrap();
    let end = "-----END CERTIFICATE-----\n";
    let length = plain[begin..].find(end).unwrap() + end.len();
    let wanted = json!({ "user": "admin", "certificate": plain[begin..begin + length] });
    let served = &desk.net.served;
    let path = "/_sandbox/certificates";
    let answer = http(&served.url, "POST", path, &[], &wanted.to_string());
    assert_eq!(answer.status, 204, "{}", answer.body);
    let file = data.join("encrypted.pem");
    let file = file.to_str().unwrap();
    let login = ["auth", "login", "--certificate", file];
    desk.run(&login)
        .exits(2)
        .says_on_stderr(&["--client-id ID"]);
    let client = served.client_id("admin");
    let login = [&login[..], &["--client-id", &client]].concat();
    // The password is read each time, and never stored.
    desk.run(&login)
        .exits(4)
        .says_on_stderr(&["AZURE_CLIENT_CERTIFICATE_PASSWORD"]);
    let password = ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "hunter2");
    let with_password = |arguments: &[&str]| {
        let mut command = desk.command(arguments);
        command.env(password.0, password.1);
        keeps(finish(command))
    };
    with_password(&login)
        .exits(0)
        .says(&["By          certificate"]);
    nothing_in_plain_text(&desk);
    let ran = with_password(&["auth", "status"]).exits(0);
    ran.says(&["* login ", "by certificate `"]);
    let ran = desk.run(&["auth", "status"]).exits(4);
    ran.says_on_stderr(&[
        "Sign-in with `login` failed.",
        "Set AZURE_CLIENT_CERTIFICATE_PASSWORD.",
    ]);
}

#[test]
fn a_sign_in_that_is_refused_ends_there() {
    let Some(desk) = Desk::logged_in() else {
        return;
    };
    desk.has_az();
    for code in ["AADSTS700082", "AADSTS50173", "AADSTS70000"] {
        says(&desk.net.served, &json!({ "refresh_tokens_end": code }));
        let ran = desk.status(&[]).exits(4);
        ran.says_on_stderr(&[code, "cmkctl auth login", "cmkctl auth logout"]);
        let ran = desk.run(&["auth", "status"]).exits(4);
        assert!(!ran.stdout.contains("* "), "{}", ran.stdout);
        ran.says(&[code]);
    }
    assert!(!desk.az_was_started());
    assert_eq!(sign_ins(&desk.net.served, "/authorize"), 1);
    // With `--auth`, another account is used.
    desk.run(&["auth", "status", "--auth", "azure-cli"]);
    assert!(desk.az_was_started());
    desk.signs_in(&["auth", "login"]).exits(0);
    desk.status(&[]).exits(0);
}

#[test]
fn a_sign_in_that_can_not_be_read_is_not_as_if_there_were_none() {
    let Some(desk) = Desk::logged_in() else {
        return;
    };
    desk.has_az();
    let file = desk.memory().file().unwrap();
    let sealed = std::fs::read(&file).unwrap();
    let mut damaged = sealed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&file, damaged).unwrap();
    let words = ["Sign-in with `login` failed.", "cmkctl auth login"];
    desk.status(&[]).exits(4).says_on_stderr(&words);
    std::fs::write(&file, &sealed).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    desk.status(&[]).exits(4).says_on_stderr(&["mode 644"]);
    std::fs::remove_file(&file).unwrap();
    let ran = desk.run(&["auth", "status"]).exits(4);
    ran.says_on_stderr(&words);
    ran.says_on_stderr(&["The remembered sign-in is no longer in `"]);
    assert!(!ran.stdout.contains("* "), "{}", ran.stdout);
    assert!(!desk.az_was_started());
    desk.run(&["auth", "logout"]).exits(0);
    desk.run(&["auth", "status"]);
    assert!(desk.az_was_started());
}

#[test]
fn several_processes_refresh_at_once() {
    let Some(desk) = Desk::logged_in() else {
        return;
    };
    let id = desk.net.served.default_of("environment");
    for _ in 0..2 {
        let all: Vec<Child> = (0..6)
            .map(|_| piped(desk.command(&["status", &id])))
            .collect();
        for child in all {
            let output = ended(child);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{said}");
        }
    }
    assert_eq!(desk.pages(), 1);
}

#[test]
fn a_login_that_can_not_last_is_refused_before_anybody_signs_in() {
    let desk = Desk::plain();
    let with = |name: &str, value: &str, arguments: &[&str]| {
        let mut command = desk.command(arguments);
        command.env("BROWSER", desk.browser()).env(name, value);
        keeps(finish(command))
    };
    let login = ["auth", "login"];
    let ran = desk.run(&["auth", "login", "--no-remember"]).exits(2);
    ran.says_on_stderr(&["`auth login` can't remember a sign-in", "--no-remember"]);
    with("CMKCTL_REMEMBER", "false", &login).exits(2);
    let ran = with("CMKCTL_CREDENTIAL_STORE", "none", &login).exits(4);
    ran.says_on_stderr(&[
        "The sign-in can't be remembered.",
        "`CMKCTL_CREDENTIAL_STORE` is `none`.",
        "--auth browser",
    ]);
    let ran = with("HOME", "", &login).exits(4);
    ran.says_on_stderr(&["The sign-in can't be remembered."]);
    let odd = ["auth", "login", "--claims-challenge", "odd"];
    desk.run(&odd)
        .exits(2)
        .says_on_stderr(&["--claims-challenge"]);
    for arguments in [&login[..], &["auth", "login", "--browser"]] {
        let ran = desk.run(arguments).exits(4);
        ran.says_on_stderr(&["there is no terminal", "cmkctl auth login --device-code"]);
    }
    let ran = rehearse(&login).exits(2);
    ran.says_on_stderr(&["A sandbox never uses real credentials."]);
    rehearse(&["auth", "logout"]).exits(0);
    assert_eq!(desk.net.asked("login.microsoftonline.com").len(), 0);
    assert!(!desk.asked().exists());
}

#[test]
fn a_remembered_sign_in_answers_a_challenge_where_somebody_is() {
    let Some(desk) = Desk::logged_in() else {
        return;
    };
    let served = &desk.net.served;
    says(
        served,
        &json!({ "demand": { "claims": second_factor(), "services": ["bap"] } }),
    );
    let id = served.default_of("environment");
    let words = ["environment-name", id.as_str()];
    // No user is present: the remedy is shown, and no browser opens.
    let _ = std::fs::remove_file(desk.asked());
    let mut alone = desk.command(&words);
    alone.env("BROWSER", desk.browser());
    let alone = keeps_but_claims(finish(alone)).exits(4);
    let challenge = STANDARD.encode(second_factor().to_string());
    let helps = format!("--claims-challenge \"{challenge}\"");
    alone.says_on_stderr(&["cmkctl auth login --tenant ", &helps]);
    assert!(!desk.asked().exists());
    // At a terminal, the user is asked once.
    let mut command = desk.command(&words);
    command.env("BROWSER", desk.browser());
    let typing = Typing::at(command);
    until("the browser is opened", || desk.asked().exists());
    let address = std::fs::read_to_string(desk.asked()).unwrap();
    let address = Url::parse(&address).unwrap();
    let pair = |name: &str| {
        let mut pairs = address.query_pairs();
        pairs.find(|(own, _)| own == name).unwrap().1.into_owned()
    };
    assert_eq!(pair("claims"), second_factor().to_string());
    assert_eq!(pair("login_hint"), "admin@contoso.onmicrosoft.com");
    let page = visit(&desk.redirect(&address));
    assert!(page.contains("You are signed in."), "{page}");
    typing.ends().exits(0);
    // The new sign-in is stored.
    desk.run(&words).exits(0);
    assert_eq!(desk.pages(), 2);
}

/// A challenge is JSON in base64, like a token, so it is removed before the check.
#[track_caller]
fn keeps_but_claims(ran: Ran) -> Ran {
    let without = |text: &str| {
        let challenge = STANDARD.encode(second_factor().to_string());
        text.replace(&challenge, "")
    };
    keeps(Ran {
        code: ran.code,
        stdout: without(&ran.stdout),
        stderr: without(&ran.stderr),
    });
    ran
}

#[test]
fn a_challenge_that_nobody_can_satisfy_is_the_error_with_its_remedy() {
    let Some(desk) = Desk::logged_in() else {
        return;
    };
    let served = &desk.net.served;
    let id = served.default_of("environment");
    let words = ["environment-name", id.as_str()];
    // A new token is enough, so the user is not asked.
    let fresh = json!({ "access_token": { "nbf": { "essential": true, "value": "1700000000" } } });
    says(
        served,
        &json!({ "demand": { "claims": fresh, "services": ["bap"] } }),
    );
    desk.run(&words).exits(0);
    says(
        served,
        &json!({ "demand": { "claims": fresh, "services": ["bap"], "never": true } }),
    );
    let before = sign_ins(served, "/token");
    let ran = finish(desk.command(&words)).exits(4);
    ran.says_on_stderr(&["cmkctl auth login --tenant ", "--claims-challenge "]);
    assert_eq!(desk.pages(), 1);
    assert!(sign_ins(served, "/token") - before <= 3);
    // The printed command solves the problem.
    says(
        served,
        &json!({ "demand": { "claims": second_factor(), "services": ["bap"] } }),
    );
    let challenge = STANDARD.encode(second_factor().to_string());
    let login = ["auth", "login", "--claims-challenge", &challenge];
    desk.signs_in(&login).exits(0);
    desk.run(&words).exits(0);
    // Microsoft Entra itself may require claims, for one service.
    let other = json!({ "access_token": { "acrs": { "essential": true, "value": "c2" } } });
    let audiences = ["https://service.powerapps.com"];
    says(
        served,
        &json!({ "demand": { "claims": other, "audiences": audiences } }),
    );
    let ran = finish(desk.command(&words)).exits(4);
    let challenge = STANDARD.encode(other.to_string());
    ran.says_on_stderr(&[
        "AADSTS50076",
        &format!("--claims-challenge \"{challenge}\""),
    ]);
}

#[test]
fn another_account_is_not_taken_for_the_one_before() {
    let Some(desk) = Desk::logged_in() else {
        return;
    };
    let served = &desk.net.served;
    says(
        served,
        &json!({ "person": "observer",
            "demand": { "claims": second_factor(), "services": ["bap"] } }),
    );
    let id = served.default_of("environment");
    let _ = std::fs::remove_file(desk.asked());
    let mut command = desk.command(&["environment-name", &id]);
    command.env("BROWSER", desk.browser());
    let typing = Typing::at(command);
    until("the browser is opened", || desk.asked().exists());
    let address = std::fs::read_to_string(desk.asked()).unwrap();
    // The user selects another account on the page.
    let address = address.replace("login_hint=", "ignored=");
    visit(&desk.redirect(&Url::parse(&address).unwrap()));
    typing.sees("You signed in with another account than before.");
    typing.ends().exits(4);
    let log = served.log();
    assert!(
        log.iter().all(|entry| entry["user"] != "observer"),
        "{log:#?}"
    );
}

/// The JSON of signing in and out, for the test of their schemas. Returns `false` if no sign-in can
/// be stored.
pub(crate) fn documents(each: &mut dyn FnMut(&Value)) -> bool {
    let desk = Desk::plain();
    if desk.memory().fault().is_some() {
        return false;
    }
    let login = ["auth", "login", "--device-code", "-o", "json"];
    each(&desk.run(&login).exits(0).json());
    each(&desk.run(&["auth", "logout", "-o", "json"]).exits(0).json());
    true
}
