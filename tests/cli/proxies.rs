//! Network access as in reality: proxies, certificates, and hosts that get no request.

use crate::internet::{Internet, answer};
use crate::sign_in::keeps_secrets;
use crate::tool::{Answer, Ran, Served, finish};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn with_a_secret(net: &Internet, arguments: &[&str]) -> Command {
    let mut command = net.command(arguments);
    command
        .env("AZURE_TENANT_ID", net.served.tenant_id())
        .env("AZURE_CLIENT_ID", net.served.client_id("admin"))
        .env("AZURE_CLIENT_SECRET", "sandbox");
    command
}

fn environment_id(net: &Internet) -> String {
    net.served.default_of("environment")
}

fn without_secrets(command: Command) -> Ran {
    keeps_secrets(finish(command))
}

/// An answer with redirect headers.
fn pointing(status: u16, to: &str) -> Option<Answer> {
    let mut answer = answer(status, String::new())?;
    answer
        .head
        .push_str(&format!("\r\nlocation: {to}\r\noperation-location: {to}"));
    Some(answer)
}

#[test]
fn every_request_goes_through_the_proxy_and_to_the_clouds_hosts_alone() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    without_secrets(with_a_secret(
        &net,
        &["status", &environment_id(&net), "-vv"],
    ))
    .exits(0);
    let known = [
        "login.microsoftonline.com",
        "management.azure.com",
        "api.bap.microsoft.com",
        "contoso-uat.crm4.dynamics.com",
    ];
    let hosts = net.hosts();
    assert!(
        hosts.len() >= 3 && hosts.iter().all(|host| known.contains(&host.as_str())),
        "{hosts:?}"
    );
    // Lower-case names and `ALL_PROXY` work too.
    for name in ["https_proxy", "ALL_PROXY", "all_proxy"] {
        let mut command = with_a_secret(&net, &["status", &environment_id(&net)]);
        command
            .env_remove("HTTPS_PROXY")
            .env(name, format!("http://{}", net.address));
        without_secrets(command).exits(0);
    }
}

#[test]
fn no_proxy_is_honoured() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    let with = |no_proxy: &str| {
        // A host on this machine without a server. The first attempt is enough for this test.
        let mut command = with_a_secret(
            &net,
            &[
                "environment-name",
                &environment_id(&net),
                "--endpoint",
                "bap=localhost",
                "-vv",
            ],
        );
        command
            .env("NO_PROXY", no_proxy)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let tried = lines
            .take_while(|line| !line.contains("Trying again"))
            .collect::<Vec<_>>()
            .join("\n");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(tried.contains("https://localhost/"), "{tried}");
        tried
    };
    with("example.org");
    let before = net.connections("localhost");
    assert!(before > 0, "the proxy was not asked");
    let tried = with("localhost,example.org");
    assert!(tried.contains("no answer"), "{tried}");
    assert_eq!(
        net.connections("localhost"),
        before,
        "the proxy was asked all the same"
    );
}

#[test]
fn a_certificate_that_nobody_vouches_for_ends_it() {
    // Neither waits for the other.
    std::thread::scope(|scope| {
        scope.spawn(nobody_vouches);
        scope.spawn(it_is_for_another_name);
    });
    // The flag has the same effect as the variable.
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    let mut command = with_a_secret(&net, &["status", &environment_id(&net), "--ca-bundle"]);
    command.arg(net.bundle()).env_remove("CMKCTL_CA_BUNDLE");
    without_secrets(command).exits(0);
}

fn nobody_vouches() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    let mut command = with_a_secret(&net, &["status", &environment_id(&net), "-v"]);
    command.env_remove("CMKCTL_CA_BUNDLE");
    let ran = without_secrets(command).exits(4);
    // It does not pass by itself, so it is told at once, with its reason.
    ran.says_on_stderr(&[
        "invalid peer certificate: UnknownIssuer",
        "`--ca-bundle FILE`",
    ]);
    assert!(!ran.stderr.contains("Trying again"), "{}", ran.stderr);
    assert!(net.hosts().is_empty(), "{:?}", net.hosts());
}

/// A certificate for another name is refused.
fn it_is_for_another_name() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    let login = [
        "status",
        &environment_id(&net),
        "--endpoint",
        "login=login.example.org",
    ];
    let mut command = with_a_secret(&net, &login);
    command.env("CMKCTL_HTTP_TIMEOUT", "1").arg("-v");
    let ran = without_secrets(command).exits(4);
    ran.says_on_stderr(&[
        "not valid for name",
        "The certificate belongs to another server",
    ]);
    assert!(!ran.stderr.contains("Trying again"), "{}", ran.stderr);
    assert!(
        !net.hosts().contains(&"login.example.org".to_owned()),
        "{:?}",
        net.hosts()
    );
}

#[test]
fn no_redirect_and_no_link_leaves_the_cloud_in_earnest() {
    for status in [302, 307, 308] {
        let evil = "https://api.bap.microsoft.com.evil.example/trap";
        let net = Internet::over(Served::start("ready", "1"), move |_, asked| {
            (asked.host == "api.bap.microsoft.com")
                .then(|| pointing(status, evil))
                .flatten()
        });
        let ran = without_secrets(with_a_secret(
            &net,
            &["status", &environment_id(&net), "-vv"],
        ))
        .exits(1);
        assert!(
            ran.stderr.contains("does not follow redirects"),
            "{}",
            ran.stderr
        );
        assert_eq!(net.connections("evil"), 0);
        let net = Internet::over(Served::start("ready", "1"), move |_, asked| {
            (asked.host == "login.microsoftonline.com")
                .then(|| pointing(status, evil))
                .flatten()
        });
        without_secrets(with_a_secret(
            &net,
            &["status", &environment_id(&net), "-vv"],
        ))
        .exits(4);
        assert_eq!(
            (net.connections("evil"), net.hosts().len()),
            (0, 1),
            "{:?}",
            net.hosts()
        );
    }
    let net = Internet::over(Served::start("ready", "1"), |_, asked| {
        let list = json!({ "value": [], "nextLink": "https://evil.example/trap" }).to_string();
        asked
            .head
            .contains("/scopes/admin/environments?")
            .then(|| answer(200, list))
            .flatten()
    });
    let ran = without_secrets(with_a_secret(&net, &["environment-name", "Contoso UAT"])).exits(1);
    assert!(
        ran.stderr.contains("does not belong to the cloud"),
        "{}",
        ran.stderr
    );
    assert_eq!(net.connections("evil"), 0);
}

#[test]
fn the_machines_own_endpoints_are_no_business_of_a_proxy() {
    let served = Served::start("ready", "1");
    let token = served.token("admin", "https://service.powerapps.com");
    let net = Internet::over(served, move |_, asked| {
        let body = json!({ "access_token": token, "expires_on": "4102444800", "resource": "x",
            "token_type": "Bearer" });
        (asked.host == "runner")
            .then(|| answer(200, body.to_string()))
            .flatten()
    });
    let with = |endpoint: &str| {
        let mut command = net.command(&[
            "environment-name",
            &environment_id(&net),
            "--auth",
            "managed-identity",
        ]);
        // No proxy listens at this address.
        command
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("http_proxy", "http://127.0.0.1:1");
        command
            .env("IDENTITY_ENDPOINT", endpoint)
            .env("IDENTITY_HEADER", "hunter2");
        without_secrets(command)
    };
    with(&format!("http://{}/msi", net.address)).exits(0);
    assert_eq!(net.asked("runner").len(), 1);
    // Plain http is sent to no other host, whatever its name.
    for endpoint in [
        "http://169.254.evil.example/msi",
        "http://127.0.0.1.evil.example/msi",
        "http://localhost.evil.example/msi",
        "http://192.0.2.1/msi",
    ] {
        let ran = with(endpoint).exits(4);
        assert!(
            ran.stderr.contains("is not a host of the cloud"),
            "{endpoint}: {}",
            ran.stderr
        );
    }
    assert_eq!((net.asked("runner").len(), net.connections("evil")), (1, 0));
}
