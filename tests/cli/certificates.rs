//! An application signs in with its certificate. cmkctl reads the file, and the sandbox verifies
//! the assertion. An unusable file is reported before any request.
//!
//! The keys under `data/certificates` protect nothing; their password is `hunter2`.

use crate::internet::Internet;
use crate::sign_in::keeps_secrets;
use crate::tool::{Ran, Served, finish, http};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PASSWORD: (&str, &str) = ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "hunter2");

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cli/data/certificates")
        .join(name)
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(data(name)).unwrap()
}

/// A block of a PEM text as bytes.
fn block(text: &str, label: &str) -> Vec<u8> {
    let (_, rest) = text
        .split_once(&format!("-----BEGIN {label}-----"))
        .unwrap();
    let (body, _) = rest.split_once("-----END").unwrap();
    let letters: String = body.split_whitespace().collect();
    STANDARD.decode(letters).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// Registers certificates with the application of `admin`.
fn register(served: &Served, certificate: &str) {
    let wanted = json!({ "user": "admin", "certificate": certificate }).to_string();
    let answer = http(&served.url, "POST", "/_sandbox/certificates", &[], &wanted);
    assert_eq!(answer.status, 204, "{}", answer.body);
}

fn registered() -> Internet {
    let served = Served::start("ready", "1");
    register(&served, &text_of("plain.pem"));
    Internet::over(served, |_, _| None)
}

fn signed_in(net: &Internet, arguments: &[&str], file: &Path, more: &[(&str, &str)]) -> Ran {
    let mut command = net.command(arguments);
    command
        .env("AZURE_TENANT_ID", net.served.tenant_id())
        .env("AZURE_CLIENT_ID", net.served.client_id("admin"))
        .env("AZURE_CLIENT_CERTIFICATE_PATH", file)
        .envs(more.iter().copied());
    let ran = keeps_secrets(finish(command));
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("PRIVATE KEY"), "{text}");
    }
    ran
}

/// The sent assertions: header and claims.
fn assertions(net: &Internet) -> Vec<(Value, Value)> {
    let asked = net.asked("login.microsoftonline.com").into_iter();
    let forms = asked.filter(|asked| !asked.body.is_empty());
    let found = forms.map(|asked| {
        let form = url::form_urlencoded::parse(asked.body.as_bytes());
        let found = form
            .into_owned()
            .find(|(name, _)| name == "client_assertion");
        let (_, jwt) = found.unwrap();
        let mut parts = jwt.split('.').map(|part| {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap_or_default())
                .unwrap_or_default()
        });
        (parts.next().unwrap(), parts.next().unwrap())
    });
    found.collect()
}

#[test]
fn every_kind_of_file_signs_in() {
    let net = registered();
    let plain = text_of("plain.pem");
    let folder = net.served.folder();
    let written = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    // As Windows and as `openssl pkcs12` write it.
    let windows = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
    let bags = format!("Bag Attributes\n    friendlyName: Größe\nsubject=CN = x\n{plain}");
    // First another key, then an old certificate of the right key.
    let old = block(&dated(2001, 2002), "CERTIFICATE");
    let many = format!("{}{}{}", text_of("ec.pem"), pem("CERTIFICATE", &old), plain);
    for (file, more) in [
        (data("plain.pem"), &[][..]),
        (data("pkcs1.pem"), &[]),
        (data("encrypted.pem"), &[PASSWORD]),
        (data("modern.pfx"), &[PASSWORD]),
        (data("legacy.pfx"), &[PASSWORD]),
        // The file's ending does not matter.
        (written("pem.pfx", &windows), &[]),
        (written("bags.txt", &bags), &[]),
        (written("many.pem", &many), &[]),
    ] {
        let ran = signed_in(&net, &["auth", "status", "-v"], &file, more).exits(0);
        let shown = file.display();
        assert!(
            ran.stderr.contains("Signed in with `environment`."),
            "{shown}: {}",
            ran.stderr
        );
        let ready = format!("ready (certificate `{shown}`)");
        assert!(ran.stdout.contains(&ready), "{ready}: {}", ran.stdout);
        assert!(ran.stdout.contains("token received"), "{}", ran.stdout);
    }
    let sent = assertions(&net);
    assert_eq!(sent.len(), 16);
    let client = net.served.client_id("admin");
    let endpoint = format!(
        "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        net.served.tenant_id()
    );
    for (header, claims) in &sent {
        assert_eq!(
            (&header["alg"], &header["typ"]),
            (&json!("PS256"), &json!("JWT"))
        );
        assert!(header.get("x5c").is_none(), "{header}");
        assert_eq!(
            (&claims["iss"], &claims["sub"]),
            (&json!(client), &json!(client))
        );
        assert_eq!(claims["aud"], endpoint);
        let life = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
        assert_eq!(life, 600);
    }
    let ids: BTreeSet<_> = sent
        .iter()
        .map(|(_, claims)| claims["jti"].as_str())
        .collect();
    assert_eq!(ids.len(), sent.len(), "an assertion was used twice");
}

#[test]
fn the_chain_is_sent_when_it_is_asked_for() {
    let net = registered();
    // A PFX with an empty password, which contains the issuer.
    let chain = [("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true")];
    signed_in(&net, &["auth", "status"], &data("chain.pfx"), &chain).exits(4);
    let (header, _) = assertions(&net).remove(0);
    let sent = header["x5c"].as_array().unwrap();
    assert_eq!(sent.len(), 2, "{header}");
    let first = STANDARD.decode(sent[0].as_str().unwrap()).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &first);
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(digest));
}

/// A certificate of the key in `plain.pem`, valid from one year to another.
fn dated(from: i32, until: i32) -> String {
    let der = block(&text_of("plain.pem"), "PRIVATE KEY");
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from(der);
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256);
    let mut wanted = rcgen::CertificateParams::new(Vec::new()).unwrap();
    wanted.not_before = rcgen::date_time_ymd(from, 1, 1);
    wanted.not_after = rcgen::date_time_ymd(until, 1, 1);
    let made = wanted.self_signed(&key.unwrap()).unwrap();
    pem("CERTIFICATE", made.der())
}

#[test]
fn what_can_not_sign_in_is_said_before_anything_is_sent() {
    let net = registered();
    let plain = text_of("plain.pem");
    let (certificate, key) = (
        pem("CERTIFICATE", &block(&plain, "CERTIFICATE")),
        pem("PRIVATE KEY", &block(&plain, "PRIVATE KEY")),
    );
    let other = pem("CERTIFICATE", &block(&text_of("ec.pem"), "CERTIFICATE"));
    let folder = net.served.folder();
    let written = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let der = folder.join("key.der");
    std::fs::write(&der, block(&plain, "PRIVATE KEY")).unwrap();
    let old = [
        "does not support the encryption",
        "openssl pkcs8 -topk8 -v2 aes-256-cbc -in ",
        "Then set AZURE_CLIENT_CERTIFICATE_PATH to `converted.pem`.",
    ];
    let wrong = ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "other");
    for (file, more, words) in [
        (
            folder.join("absent"),
            &[][..],
            &["can't be read", "your account can read"][..],
        ),
        (written("text", "hello"), &[], &["is neither PEM nor PFX"]),
        (written("empty", ""), &[], &["is neither PEM nor PFX"]),
        (
            written("cut", &plain[..plain.len() / 3]),
            &[],
            &["is damaged"],
        ),
        (
            written("c", &certificate),
            &[],
            &["a certificate but no private key"],
        ),
        (
            written("k", &key),
            &[],
            &["a private key but no certificate"],
        ),
        (der, &[], &["a private key but no certificate"]),
        (
            written("s", &format!("{key}{other}")),
            &[],
            &["No certificate in", "matches the private key"],
        ),
        (
            written("e", &format!("{key}{}", dated(2001, 2002))),
            &[],
            &["expired on 2002-01-01T00:00:00Z", "Add a new certificate"],
        ),
        (
            written("y", &format!("{key}{}", dated(2101, 2102))),
            &[],
            &["is not valid before 2101-01-01T00:00:00Z", "clock"],
        ),
        (
            data("encrypted.pem"),
            &[],
            &["no password is set", "Set AZURE_CLIENT_CERTIFICATE_P"],
        ),
        (data("modern.pfx"), &[], &["no password is set"]),
        (
            data("encrypted.pem"),
            &[wrong],
            &["the password is wrong, or the file is damaged"],
        ),
        (
            data("modern.pfx"),
            &[wrong],
            &["the password is wrong, or the file is damaged"],
        ),
        (
            data("legacy.pfx"),
            &[wrong],
            &["the password is wrong, or the file is damaged"],
        ),
        (data("pbes1.pem"), &[PASSWORD], &old),
        (data("traditional.pem"), &[PASSWORD], &old),
        (
            data("rc2-128.pfx"),
            &[PASSWORD],
            &[
                "does not support the encryption",
                "openssl pkcs12 -legacy -in ",
            ],
        ),
        (data("ec.pem"), &[], &["is not an RSA key", "2048 to 4096"]),
        (
            data("small.pem"),
            &[],
            &["not an RSA key of 2048 to 4096 bits"],
        ),
    ] {
        let ran = signed_in(&net, &["auth", "status"], &file, more).exits(4);
        for word in words {
            assert!(
                ran.stderr.contains(word),
                "{}: {word}: {}",
                file.display(),
                ran.stderr
            );
        }
    }
    assert!(net.asked("login.microsoftonline.com").is_empty());
}

#[test]
fn the_certificate_comes_before_the_secret() {
    let net = registered();
    let secret = [("AZURE_CLIENT_SECRET", "hunter2")];
    let file = data("plain.pem");
    let ran = signed_in(&net, &["auth", "status"], &file, &secret).exits(0);
    let words = format!(
        "ready (certificate `{}`, AZURE_CLIENT_SECRET is not used)",
        file.display()
    );
    assert!(ran.stdout.contains(&words), "{}", ran.stdout);
    // If the certificate fails, cmkctl does not use the secret instead.
    let good = [("AZURE_CLIENT_SECRET", "sandbox")];
    signed_in(&net, &["auth", "status"], &data("ec.pem"), &good).exits(4);
    // Settings are shown, but not secrets.
    let both = [PASSWORD, ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "1")];
    let ran = signed_in(&net, &["config", "show", "-o", "json"], &file, &both).exits(0);
    let shown = |name: &str| {
        let document = ran.json();
        let all = document["settings"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(shown("client-certificate"), file.display().to_string());
    assert_eq!(shown("client-certificate-password"), "set, not shown");
    assert_eq!(shown("client-certificate-chain"), "1");
}

#[test]
fn a_certificate_that_is_not_registered_is_refused_with_its_code() {
    let served = Served::start("ready", "1");
    let net = Internet::over(served, |_, _| None);
    let ran = signed_in(&net, &["auth", "status"], &data("plain.pem"), &[]).exits(4);
    assert!(
        ran.stderr.contains("AADSTS700027")
            && ran.stderr.contains("The key was not found")
            && ran
                .stderr
                .contains("az ad app credential list --id CLIENT_ID --cert"),
        "{}",
        ran.stderr
    );
    // No other identity would be used, so no way is marked.
    assert!(!ran.stdout.contains("\n* "), "{}", ran.stdout);
    register(&net.served, &text_of("plain.pem"));
    signed_in(&net, &["auth", "status"], &data("plain.pem"), &[]).exits(0);
    // The file is read again for every token, so a new certificate means a new sign-in.
    let file = net.served.folder().join("renewed.pem");
    std::fs::copy(data("plain.pem"), &file).unwrap();
    signed_in(&net, &["auth", "status"], &file, &[]).exits(0);
    std::fs::copy(data("small.pem"), &file).unwrap();
    signed_in(&net, &["auth", "status"], &file, &[]).exits(4);
}

/// An assertion that is signed with the registered key.
struct Signing<'a> {
    served: &'a Served,
    method: (&'static str, &'static dyn RsaEncoding),
    header: Value,
    claims: Value,
}

impl Signing<'_> {
    fn code(&self, spoiled: bool) -> u64 {
        let der = block(&text_of("plain.pem"), "PRIVATE KEY");
        let key = KeyPair::from_pkcs8(&der).unwrap();
        let mut header = self.header.clone();
        header["alg"] = json!(self.method.0);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&self.claims));
        let mut signature = vec![0; key.public().modulus_len()];
        let random = SystemRandom::new();
        let text = signed.as_bytes();
        key.sign(self.method.1, &random, text, &mut signature)
            .unwrap();
        if spoiled {
            signature[7] ^= 1;
        }
        let jwt = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.served.client_id("admin"))
            .append_pair("scope", "https://management.azure.com/.default")
            .append_pair("client_assertion", &jwt)
            .finish();
        let path = format!("/{}/oauth2/v2.0/token", self.served.tenant_id());
        let host = [("x-cmkctl-host", "login.microsoftonline.com")];
        let answer = http(&self.served.url, "POST", &path, &host, &form);
        let code = answer.json()["error_codes"][0].as_u64().unwrap_or_default();
        assert_eq!(answer.status, if code == 0 { 200 } else { 401 });
        code
    }
}

#[test]
fn the_sandbox_verifies_what_an_application_signs() {
    let served = Served::start("ready", "1");
    let plain = text_of("plain.pem");
    let own = block(&plain, "CERTIFICATE");
    let late = block(&dated(2001, 2002), "CERTIFICATE");
    register(&served, &format!("{plain}{}", pem("CERTIFICATE", &late)));
    let print =
        |der: &[u8], algorithm| URL_SAFE_NO_PAD.encode(ring::digest::digest(algorithm, der));
    let sha256 = &ring::digest::SHA256;
    let (client, tenant) = (served.client_id("admin"), served.tenant_id());
    let now = jiff::Timestamp::now().as_second();
    let signing = || Signing {
        served: &served,
        method: ("PS256", &RSA_PSS_SHA256),
        header: json!({ "typ": "JWT", "x5t#S256": print(&own, sha256) }),
        claims: json!({
            "iss": client, "sub": client, "jti": "1", "exp": now + 60,
            "aud": format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"),
        }),
    };
    assert_eq!(signing().code(false), 0);
    // As older libraries sign it.
    let mut older = signing();
    older.method = ("RS256", &RSA_PKCS1_SHA256);
    let sha1 = &ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
    older.header = json!({ "typ": "JWT", "x5t": print(&own, sha1) });
    assert_eq!(older.code(false), 0);
    // Microsoft's libraries write fractions of a second.
    let mut exact = signing();
    exact.claims["exp"] = json!(now as f64 + 60.25);
    assert_eq!(exact.code(false), 0);
    for (name, value, code) in [
        ("iss", json!("somebody"), 700_021),
        ("sub", json!("somebody"), 700_021),
        (
            "aud",
            json!("https://login.microsoftonline.com/other/oauth2/v2.0/token"),
            700_023,
        ),
        ("exp", json!(now - 3600), 700_024),
        ("nbf", json!(now + 3600), 700_024),
        ("exp", Value::Null, 700_024),
        ("jti", Value::Null, 50_027),
    ] {
        let mut one = signing();
        one.claims[name] = value;
        assert_eq!(one.code(false), code, "{name}");
    }
    let mut bare = signing();
    bare.header = json!({ "typ": "JWT" });
    assert_eq!(bare.code(false), 50_027);
    for print in [print(&late, sha256), print(b"other", sha256)] {
        let mut one = signing();
        one.header["x5t#S256"] = json!(print);
        assert_eq!(one.code(false), 700_027);
    }
    assert_eq!(signing().code(true), 700_027);
    let mut confused = signing();
    confused.method = ("PS256", &RSA_PKCS1_SHA256);
    assert_eq!(confused.code(false), 700_027);
    let mut none = signing();
    none.method = ("none", &RSA_PSS_SHA256);
    assert_eq!(none.code(false), 700_027);
    // Only a certificate can be registered.
    for (user, certificate) in [("admin", "hello"), ("nobody", plain.as_str())] {
        let wanted = json!({ "user": user, "certificate": certificate }).to_string();
        let answer = http(&served.url, "POST", "/_sandbox/certificates", &[], &wanted);
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
}
