//! Sign-in as in reality: without `--sandbox`, in the public cloud, over https. The sandbox plays
//! the hosts behind a proxy.

use crate::internet::{Internet, answer};
use crate::sign_in::{keeps_secrets, sign_ins};
use crate::tool::{Ran, Served, finish, header};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

fn tenant_client_environment(served: &Served) -> (String, String, String) {
    (
        served.tenant_id(),
        served.client_id("admin"),
        served.default_of("environment"),
    )
}

/// Runs with tenant and client, and further variables.
fn run_signed_in(net: &Internet, arguments: &[&str], more: &[(&str, &str)]) -> Ran {
    let (tenant, client, _) = tenant_client_environment(&net.served);
    let mut command = net.command(arguments);
    command
        .env("AZURE_TENANT_ID", tenant)
        .env("AZURE_CLIENT_ID", client)
        .envs(more.iter().copied());
    keeps_secrets(finish(command))
}

/// Puts an `az` on `PATH` that returns the sandbox's tokens and logs its calls.
fn with_az(net: &Internet, command: &mut Command) {
    let folder = net.served.folder();
    for (name, audience) in [
        ("arm", "https://management.azure.com"),
        ("bap", "https://service.powerapps.com"),
        ("org", "https://contoso-uat.crm4.dynamics.com"),
    ] {
        let token = net.served.token("admin", audience);
        let body =
            json!({ "accessToken": token, "expires_on": 4_102_444_800_i64, "tokenType": "Bearer" });
        std::fs::write(folder.join(name), body.to_string()).unwrap();
    }
    let script = "#!/bin/sh\necho \"$*\" >> \"$(dirname \"$0\")/asked\"\ncase \"$*\" \
        in\n*management.azure.com*) name=arm ;;\n*powerapps*) name=bap ;;\n*) name=org \
        ;;\nesac\ncat \"$(dirname \"$0\")/$name\"\n";
    let file = folder.join("az");
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
}

fn asked_az(net: &Internet) -> Vec<String> {
    let text = std::fs::read_to_string(net.served.folder().join("asked")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_azure_cli_is_started_once_a_scope() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    net.served.reset();
    let (_, _, id) = tenant_client_environment(&net.served);
    let mut command = net.command(&["status", &id, "-vv"]);
    with_az(&net, &mut command);
    let before = net.served.ledger()["requests"].as_u64().unwrap();
    let ran = keeps_secrets(finish(command).exits(0));
    assert!(
        ran.stderr.contains("Signed in with `azure-cli`."),
        "{}",
        ran.stderr
    );
    // Four requests to two services start it twice. A command line that is new here also asks for
    // the other usual tokens.
    let started = asked_az(&net);
    assert!((2..=4).contains(&started.len()), "{started:?}");
    assert!(
        started
            .iter()
            .any(|line| line.contains("https://service.powerapps.com/.default")),
        "{started:?}"
    );
    assert!(net.served.ledger()["requests"].as_u64().unwrap() - before >= 4);
    assert!(!net.served.effects().contains(&"foreign-token".to_owned()));
    // No request had the sandbox's header.
    assert!(
        net.asked("api.bap.microsoft.com")
            .iter()
            .all(|asked| header(&asked.head, "x-cmkctl-host").is_none())
    );
}

#[test]
fn a_secret_that_is_refused_is_not_passed_over() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    let (tenant, client, id) = tenant_client_environment(&net.served);
    let run = |more: &[&str], secret: &str| {
        let mut command = net.command(&[&["status", id.as_str(), "-v"], more].concat());
        with_az(&net, &mut command);
        command
            .env("AZURE_TENANT_ID", &tenant)
            .env("AZURE_CLIENT_ID", &client)
            .env("AZURE_CLIENT_SECRET", secret);
        keeps_secrets(finish(command))
    };
    // The secret is used first, although `az` would work.
    assert!(
        run(&[], "sandbox")
            .exits(0)
            .stderr
            .contains("Signed in with `environment`.")
    );
    let refused = run(&[], "hunter2").exits(4);
    assert!(
        refused.stderr.contains("AADSTS7000215")
            && refused.stderr.contains("AZURE_CLIENT_SECRET to the secret"),
        "{}",
        refused.stderr
    );
    assert!(asked_az(&net).is_empty());
    // With `--auth`, only the other way is used, and the secret is not sent.
    net.served.reset();
    assert!(
        run(&["--auth", "azure-cli"], "hunter2")
            .exits(0)
            .stderr
            .contains("Signed in with `azure-cli`.")
    );
    assert!((2..=4).contains(&asked_az(&net).len()));
    assert!(
        !net.asked("login.microsoftonline.com")
            .last()
            .unwrap()
            .body
            .is_empty()
    );
    // The same holds for a federated token that is unreadable or expired.
    let file = net.served.folder().join("federated");
    let federated = [("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap())];
    let ran = run_signed_in(&net, &["status", &id], &federated).exits(4);
    assert!(ran.stderr.contains("can't be read"), "{}", ran.stderr);
    std::fs::write(&file, "expired").unwrap();
    let ran = run_signed_in(&net, &["status", &id], &federated).exits(4);
    assert!(
        ran.stderr.contains("AADSTS700024")
            && ran.stderr.contains("AZURE_FEDERATED_TOKEN_FILE is renewed"),
        "{}",
        ran.stderr
    );
    std::fs::write(&file, "fresh\n").unwrap();
    run_signed_in(&net, &["status", &id], &federated).exits(0);
    assert!(
        net.asked("login.microsoftonline.com")
            .last()
            .unwrap()
            .body
            .contains("client_assertion=fresh&")
    );
}

/// Checks that each token was requested with a new assertion.
fn fresh_assertions(net: &Internet, asked: usize) {
    let bodies = net
        .asked("login.microsoftonline.com")
        .into_iter()
        .map(|asked| asked.body)
        .filter(|body| !body.is_empty());
    let mut bought: Vec<String> = bodies
        .map(|body| {
            body.split("assertion-")
                .nth(1)
                .unwrap()
                .chars()
                .take_while(char::is_ascii_digit)
                .collect()
        })
        .collect();
    bought.sort();
    assert_eq!(
        bought,
        (1..=asked)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_job_of_github_buys_every_token_with_a_fresh_assertion() {
    let net = Internet::over(Served::start("ready", "1"), |number, asked| {
        let body = json!({ "value": format!("assertion-{number}"), "count": 1 }).to_string();
        (asked.host == "runner")
            .then(|| answer(200, body))
            .flatten()
    });
    let (_, _, id) = tenant_client_environment(&net.served);
    let url = format!("http://{}/token?api-version=2.0", net.address);
    let runner = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2"),
    ];
    let ran = run_signed_in(&net, &["status", &id, "-vv"], &runner).exits(0);
    assert!(
        ran.stderr.contains("Signed in with `federated`."),
        "{}",
        ran.stderr
    );
    let asked = net.asked("runner");
    assert_eq!(asked.len(), 2);
    for one in &asked {
        let line = "GET /token?api-version=2.0&audience=api://AzureADTokenExchange HTTP/1.1";
        assert!(one.head.starts_with(line), "{}", one.head);
        assert_eq!(header(&one.head, "authorization"), Some("Bearer hunter2"));
    }
    fresh_assertions(&net, 2);
    // Each cloud has its own audience, which can be overridden.
    let other = "--endpoint=federated-audience=api://AzureADTokenExchangeChina";
    run_signed_in(&net, &["status", &id, other], &runner).exits(0);
    let last = net.asked("runner").pop().unwrap();
    let part = "&audience=api://AzureADTokenExchangeChina HTTP/1.1";
    assert!(last.head.contains(part), "{}", last.head);
}

#[test]
fn a_job_of_azure_pipelines_does_so_too() {
    let net = Internet::over(Served::start("ready", "1"), |number, asked| {
        let body = json!({ "oidcToken": format!("assertion-{number}") }).to_string();
        (asked.host == "runner")
            .then(|| answer(200, body))
            .flatten()
    });
    let (tenant, client, id) = tenant_client_environment(&net.served);
    let mut command = net.command(&["status", &id, "-vv"]);
    command
        .env(
            "SYSTEM_OIDCREQUESTURI",
            format!("http://{}/oidc", net.address),
        )
        .env("SYSTEM_ACCESSTOKEN", "hunter2")
        .env("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "connection-1")
        .env("AZURESUBSCRIPTION_TENANT_ID", tenant)
        .env("AZURESUBSCRIPTION_CLIENT_ID", client);
    keeps_secrets(finish(command).exits(0));
    for one in net.asked("runner") {
        let line = "POST /oidc?api-version=7.1&serviceConnectionId=connection-1 HTTP/1.1";
        assert!(one.head.starts_with(line), "{}", one.head);
        assert_eq!(header(&one.head, "authorization"), Some("Bearer hunter2"));
    }
    fresh_assertions(&net, 2);
}

#[test]
fn a_runner_that_gives_no_token_ends_the_sign_in() {
    let net = Internet::over(Served::start("ready", "1"), |_, asked| {
        (asked.host == "runner")
            .then(|| answer(403, "{\"message\":\"no\"}".to_owned()))
            .flatten()
    });
    let (_, _, id) = tenant_client_environment(&net.served);
    let url = format!("http://{}/token?x=1", net.address);
    let runner = |url: &str| {
        let more = [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2"),
        ];
        run_signed_in(&net, &["status", &id, "-vv"], &more).exits(4)
    };
    assert!(runner(&url).stderr.contains("answered 403 without a token"));
    // The runner's token is not sent to another machine over plain http.
    let ran = runner("http://runner.example/token?x=1");
    assert!(
        ran.stderr.contains("neither https nor loopback"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        (
            sign_ins(&net.served, "/token"),
            net.asked("login.microsoftonline.com").len()
        ),
        (0, 0)
    );
}

#[test]
fn a_managed_identity_is_asked_where_the_machine_says() {
    let served = Served::start("ready", "1");
    let tokens = [
        "https://management.azure.com",
        "https://service.powerapps.com",
        "https://contoso-uat.crm4.dynamics.com",
    ]
    .map(|audience| (audience, served.token("admin", audience)));
    served.reset();
    let net = Internet::over(served, move |_, asked| {
        let decoded = asked.head.replace("%3A", ":").replace("%2F", "/");
        let (audience, token) = tokens
            .iter()
            .find(|(audience, _)| decoded.contains(audience))?;
        let body = json!({ "access_token": token, "expires_on": "4102444800",
            "resource": audience, "token_type": "Bearer" });
        (asked.host == "runner")
            .then(|| answer(200, body.to_string()))
            .flatten()
    });
    let (_, _, id) = tenant_client_environment(&net.served);
    let mut command = net.command(&["status", &id, "-v"]);
    command
        .env("IDENTITY_ENDPOINT", format!("http://{}/msi", net.address))
        .env("IDENTITY_HEADER", "hunter2");
    let ran = keeps_secrets(finish(command).exits(0));
    assert!(
        ran.stderr.contains("Signed in with `managed-identity`."),
        "{}",
        ran.stderr
    );
    assert!(
        net.asked("runner")
            .iter()
            .all(|asked| header(&asked.head, "x-identity-header") == Some("hunter2"))
    );
    assert_eq!(
        (net.asked("runner").len(), sign_ins(&net.served, "/token")),
        (2, 0)
    );
}

#[test]
fn a_sign_in_that_nobody_answers_says_why() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    let (tenant, client, id) = tenant_client_environment(&net.served);
    let mut command = net.command(&["status", &id]);
    command.env("HTTPS_PROXY", "http://127.0.0.1:1");
    command
        .env("AZURE_TENANT_ID", tenant)
        .env("AZURE_CLIENT_ID", client)
        .env("AZURE_CLIENT_SECRET", "hunter2");
    let ran = keeps_secrets(finish(command).exits(4));
    assert!(ran.stderr.contains("Connection refused"), "{}", ran.stderr);
}
