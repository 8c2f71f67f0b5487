//! Who may connect to the sandbox, which files it overwrites, and its behaviour if a key can't be
//! reached.

#[cfg(unix)]
use crate::children::ended;
use crate::children::{first_line, piped};
use crate::tenants::{closed_firewall, two_keys};
use crate::tool::{FAST, Served, command, finish, overlaid};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

/// Sends a request with only these headers, and returns the status.
fn status_of_raw(served: &Served, line: &str, headers: &[String]) -> u16 {
    let mut stream = TcpStream::connect(served.url.strip_prefix("http://").unwrap()).unwrap();
    let text = format!(
        "{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n{}\r\n\r\n",
        headers.join("\r\n")
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

#[test]
fn no_page_and_no_other_host_reaches_it() {
    let served = Served::start("ready", "1");
    let port = served.url.rsplit(':').next().unwrap();
    let host = |name: &str| format!("host: {name}");
    let lines = [
        ("GET /_sandbox/world", 200),
        ("POST /_sandbox/reset", 204),
        ("GET /healthz", 200),
    ];
    for (line, right) in lines {
        for own in ["127.0.0.1", "localhost", "[::1]"] {
            let own = host(&format!("{own}:{port}"));
            assert_eq!(
                status_of_raw(&served, line, std::slice::from_ref(&own)),
                right,
                "{line} {own}"
            );
            for page in [
                "origin: https://evil.example",
                "origin: null",
                "sec-fetch-site: cross-site",
            ] {
                assert_eq!(
                    status_of_raw(&served, line, &[own.clone(), page.to_owned()]),
                    403,
                    "{line} {own} {page}"
                );
            }
        }
        for foreign in [
            "evil.example",
            "127.0.0.1",
            "localhost:1",
            "127.0.0.1.evil.example",
        ] {
            assert_eq!(
                status_of_raw(&served, line, &[host(foreign)]),
                403,
                "{line} {foreign}"
            );
            assert_eq!(
                status_of_raw(&served, line, &[host(&format!("{foreign}:{port}"))]) == 403,
                foreign != "127.0.0.1"
            );
        }
        assert_eq!(
            status_of_raw(
                &served,
                &line.replace(" /", " http://evil.example/"),
                &[host("evil.example")]
            ),
            403
        );
    }
    // Programs reach the played services through the header.
    let (own, played) = (
        host(&format!("127.0.0.1:{port}")),
        "x-cmkctl-host: management.azure.com".to_owned(),
    );
    assert_eq!(
        status_of_raw(
            &served,
            "GET /subscriptions",
            &[own.clone(), played.clone()]
        ),
        401
    );
    for headers in [
        vec![host("management.azure.com")],
        vec![host(&format!("management.azure.com:{port}"))],
        vec![host("evil.example"), played.clone()],
        vec![
            own.clone(),
            played.clone(),
            "origin: https://evil.example".to_owned(),
        ],
        vec![
            own.clone(),
            played.clone(),
            "sec-fetch-site: same-site".to_owned(),
        ],
    ] {
        assert_eq!(
            status_of_raw(&served, "GET /subscriptions", &headers),
            403,
            "{headers:?}"
        );
    }
    assert_eq!(
        status_of_raw(
            &served,
            "OPTIONS /subscriptions",
            &[own, "origin: https://evil.example".to_owned()]
        ),
        403
    );
}

/// A sandbox that writes this cloud file, after it reports its address.
fn sandbox_of_file(file: &Path) -> Child {
    let mut sandbox = command(&["sandbox", "--cloud-file"]);
    sandbox.arg(file);
    let mut child = piped(sandbox);
    let url = first_line(&mut child);
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    child
}

fn leaves_it_alone(file: &Path, words: &str) {
    let before = std::fs::read(file).ok();
    let mut again = command(&["sandbox", "--cloud-file"]);
    again.arg(file);
    let ran = finish(again).exits(2);
    assert!(
        ran.stderr.contains(words) && ran.stderr.contains("--cloud-file"),
        "{}",
        ran.stderr
    );
    assert_eq!(std::fs::read(file).ok(), before);
}

#[test]
fn a_cloud_file_is_written_over_only_when_its_sandbox_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud.json");
    let mut first = sandbox_of_file(&file);
    let text = std::fs::read_to_string(&file).unwrap();
    leaves_it_alone(&file, "is still running at http://127.0.0.1:");
    first.kill().unwrap();
    first.wait().unwrap();
    // The killed process could not remove its file.
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let mut second = sandbox_of_file(&file);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), text);
    second.kill().unwrap();
    second.wait().unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["cloud.json"], "half a file is left");
}

#[test]
fn a_file_of_somebody_else_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud.json");
    let sovereign =
        json!({ "name": "ours", "base": "public", "endpoints": { "bap": "bap.example.com" } })
            .to_string();
    for text in [
        "",
        "notes",
        "{}",
        "[]",
        "{\"sandbox\":null}",
        "{\"sandbox\":{\"url\":\"http://127.0.0.1:1\"}}",
        &sovereign,
    ] {
        std::fs::write(&file, text).unwrap();
        leaves_it_alone(&file, "is not the cloud file of a sandbox");
    }
    std::fs::remove_file(&file).unwrap();
    leaves_it_alone(folder.path(), "is not the cloud file of a sandbox");
    #[cfg(unix)]
    {
        // A process that accepts connections but does not answer may be a sandbox that hangs.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let part = json!({ "url": url, "speed": 1.0, "epoch": "2026-03-02T08:00:00Z",
            "started_unix_ms": 1 });
        std::fs::write(
            &file,
            json!({ "name": "sandbox", "sandbox": part }).to_string(),
        )
        .unwrap();
        leaves_it_alone(&file, "is still running");
    }
}

#[cfg(unix)]
#[test]
fn what_was_put_in_the_place_of_its_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    for (put, stays) in [(None, false), (Some("notes"), true)] {
        let file = folder.path().join("cloud.json");
        let child = sandbox_of_file(&file);
        if let Some(text) = put {
            std::fs::write(&file, text).unwrap();
        }
        let sent = std::process::Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap();
        assert!(sent.success() && ended(child).status.success());
        assert_eq!(file.exists(), stays);
    }
}

fn uat_shown(served: &Served) -> Value {
    served.world()["environments"]["uat"].clone()
}

/// Unlinks `uat` from its policy or moves it to another one, and returns the result.
fn moved(served: &Served, action: &str, policy: &str) -> Value {
    let base = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform";
    let id = served.default_of("environment");
    let arm = served.token("admin", "https://management.azure.com");
    let own = served
        .default_of("policy")
        .replace("ep-contoso-cmk", policy);
    let read = format!("https://management.azure.com{own}?api-version=2020-10-30");
    let system = served.ask(&arm, "GET", &read, "").json()["properties"]["systemId"].clone();
    let token = served.token("admin", "https://service.powerapps.com/");
    let url = format!(
        "{base}/environments/{id}/enterprisePolicies/Encryption/{action}?api-version=2019-10-01"
    );
    let answer = served.ask(
        &token,
        "POST",
        &url,
        &json!({ "SystemId": system }).to_string(),
    );
    assert_eq!(answer.status, 202, "{}", answer.body);
    let operation = answer
        .header("operation-location")
        .or_else(|| answer.header("location"))
        .unwrap()
        .to_owned();
    let began = Instant::now();
    loop {
        let state = served.ask(&token, "GET", &operation, "").json();
        if !["NotStarted", "Running"].contains(&state["state"]["id"].as_str().unwrap()) {
            return state;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{state}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn without_its_old_key_no_environment_leaves_or_moves() {
    let vault = |part: Value| json!({ "vaults": { "kv-old": part } });
    let key = |part: Value| vault(json!({ "keys": { "cmk-old": part } }));
    let locked = json!({ "environments": { "uat": { "runtime": "Disabled" } } });
    for (name, patch) in [
        ("disabled", key(json!({ "enabled": false }))),
        ("deleted", key(json!({ "deleted": true }))),
        ("expired", key(json!({ "expires_in_days": -1 }))),
        (
            "not granted",
            json!({ "policies": { "ep-old": { "granted": false, "granted_at": [] } } }),
        ),
        (
            "firewall",
            vault(json!({ "properties": closed_firewall() })),
        ),
    ] {
        for (action, policy) in [("unlink", "ep-old"), ("link", "ep-contoso-cmk")] {
            let scenario = overlaid(overlaid(two_keys(), patch.clone()), locked.clone());
            let served = Served::patched(&scenario, FAST);
            let before = uat_shown(&served);
            let ended = moved(&served, action, policy);
            assert_eq!(ended["state"]["id"], "Failed", "{name} {action}: {ended:#}");
            assert!(
                ended["error"]["code"].is_string(),
                "{name} {action}: {ended:#}"
            );
            assert_eq!(uat_shown(&served), before, "{name} {action}");
        }
    }
    for (action, policy, left) in [
        ("unlink", "ep-old", None),
        ("link", "ep-contoso-cmk", Some("ep-contoso-cmk")),
    ] {
        let served = Served::patched(&two_keys(), FAST);
        assert_eq!(
            moved(&served, action, policy)["state"]["id"],
            "Succeeded",
            "{action}"
        );
        let link = uat_shown(&served)["link"].to_string();
        assert!(
            left.map_or(link == "null", |left| link.contains(left)),
            "{action}: {link}"
        );
    }
}
