//! The sandbox for ordinary clients: behind a proxy, under the public host names, with a
//! certificate.

#[cfg(unix)]
use crate::children::{ended, first_line, piped};
use crate::tool::{Served, http};
#[cfg(unix)]
use crate::tool::{command, run};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::path::Path;

/// A sandbox with https, and its certificate.
fn served() -> (Served, String) {
    let served = Served::with("ready", "1", &["--tls"]);
    let certificate =
        std::fs::read_to_string(served.folder().join("cmkctl-sandbox-ca.pem")).unwrap();
    (served, certificate)
}

/// Sends a request through the proxy, from a client that trusts only this certificate.
fn through(served: &Served, certificate: &str, url: &str) -> Result<(u16, Value), String> {
    through_as(served, certificate, url, url.split('/').nth(2).unwrap())
}

fn through_as(
    served: &Served,
    certificate: &str,
    url: &str,
    host: &str,
) -> Result<(u16, Value), String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .proxy(reqwest::Proxy::https(&served.url).unwrap())
        .tls_certs_only([trusted])
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let answer = client
            .get(url)
            .header("host", host)
            .send()
            .await
            .map_err(|error| format!("{error:?}"))?;
        Ok((
            answer.status().as_u16(),
            answer.json().await.unwrap_or_default(),
        ))
    })
}

/// Sends a `CONNECT`, and returns the answer.
fn connect(served: &Served, authority: &str) -> String {
    let mut stream = TcpStream::connect(served.url.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn every_played_name_is_vouched_for() {
    let (served, certificate) = served();
    let policy = "providers/Microsoft.BusinessAppPlatform/tenant";
    for (url, status) in [
        (
            "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"
                .to_owned(),
            200,
        ),
        (
            "https://management.azure.com/subscriptions?api-version=2022-12-01".to_owned(),
            401,
        ),
        (
            "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso/?api-version=7.6".to_owned(),
            401,
        ),
        (format!("https://api.bap.microsoft.com/{policy}"), 401),
        (
            format!("https://europe.api.bap.microsoft.com/{policy}"),
            401,
        ),
        (
            "https://api.powerplatform.com/environmentmanagement/environments/x".to_owned(),
            401,
        ),
        (
            "https://contoso-uat.crm4.dynamics.com/api/data/v9.2/x".to_owned(),
            401,
        ),
    ] {
        assert_eq!(
            through(&served, &certificate, &url).map(|(status, _)| status),
            Ok(status),
            "{url}"
        );
    }
    let found = through(
        &served,
        &certificate,
        "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
    );
    assert_eq!(
        found.unwrap().1["token_endpoint"],
        "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    );
    assert_eq!(served.ledger()["foreign"], json!([]));
}

#[test]
fn what_is_not_played_is_refused() {
    let (served, _) = served();
    for (authority, host) in [
        ("example.com:443", "example.com"),
        (
            "management.azure.com.example.com:443",
            "management.azure.com.example.com",
        ),
        ("127.0.0.1:443", "127.0.0.1"),
        ("management.azure.com:22", "management.azure.com"),
    ] {
        served.reset();
        let answer = connect(&served, authority);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(
            answer.contains(&format!("does not simulate `{host}`")),
            "{answer}"
        );
        assert_eq!(served.ledger()["foreign"], json!([host]));
    }
}

#[test]
fn a_tunnel_leads_to_one_host() {
    let (served, certificate) = served();
    // Neither another host nor the sandbox's own routes can be reached through a tunnel.
    let url = "https://management.azure.com/_sandbox/world";
    for host in ["api.bap.microsoft.com", "127.0.0.1", "localhost"] {
        assert_eq!(
            through_as(&served, &certificate, url, host).unwrap().0,
            421,
            "{host}"
        );
    }
    assert_eq!(through(&served, &certificate, url).unwrap().0, 401);
}

#[test]
fn nobody_else_vouches_for_it() {
    let (served, _) = served();
    let (_another, certificate) = self::served();
    let error = through(
        &served,
        &certificate,
        "https://management.azure.com/subscriptions",
    )
    .unwrap_err();
    assert!(error.contains("InvalidCertificate"), "{error}");
}

#[test]
fn without_tls_there_is_no_tunnel() {
    let served = Served::start("ready", "1");
    assert!(connect(&served, "management.azure.com:443").starts_with("HTTP/1.1 405 "));
    // cmkctl itself needs neither proxy nor certificate.
    assert_eq!(http(&served.url, "GET", "/healthz", &[], "").status, 200);
}

#[cfg(unix)]
#[test]
fn the_certificate_goes_with_the_sandbox_and_holds_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let start = |file: &Path| {
        let mut command = command(&["sandbox", "--tls", "-o", "json", "--ca-file"]);
        command.arg(file);
        piped(command)
    };
    let mut child = start(&file);
    first_line(&mut child);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text.matches("-----BEGIN CERTIFICATE-----").count(),
        1,
        "{text}"
    );
    assert!(!text.contains("PRIVATE"), "{text}");
    let terminated = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(terminated.success());
    let output = ended(child);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("HTTPS_PROXY=http://127.0.0.1:") && told.contains("REQUESTS_CA_BUNDLE="),
        "{told}"
    );
    assert!(!file.exists());
    // A certificate file of an earlier sandbox is overwritten. Any other file is kept.
    std::fs::write(&file, text).unwrap();
    let mut again = start(&file);
    first_line(&mut again);
    again.kill().unwrap();
    again.wait().unwrap();
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\n").unwrap();
    run(&["sandbox", "--tls", "--ca-file", file.to_str().unwrap()]).exits(2);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "-----BEGIN CERTIFICATE-----\n"
    );
}
