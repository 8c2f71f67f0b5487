//! Sign-in with Azure PowerShell: one process for all services, and the remedy if it fails. `pwsh`
//! is a script that logs its calls and prints what the test sets.

use crate::internet::Internet;
use crate::sign_in::keeps_secrets;
use crate::tool::{Ran, Served, finish};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

fn program(folder: &Path, name: &str, body: &str) {
    let file = folder.join(name);
    std::fs::write(
        &file,
        format!("#!/bin/sh\nhere=$(dirname \"$0\")\n{body}\n"),
    )
    .unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A `pwsh` that prints this text among the output of profiles and modules.
fn pwsh(net: &Internet, said: &str) {
    let folder = net.served.folder();
    std::fs::write(
        folder.join("said"),
        format!("WARNING: {{old}}\n{said}\nbye {{\n"),
    )
    .unwrap();
    let body = "echo \"$*\" >> \"$here/asked-pwsh\"\ncat \"$here/said\"";
    program(folder, "pwsh", body);
}

/// The output of a signed-in `pwsh`.
fn tokens(net: &Internet) -> Value {
    let answers: Vec<Value> = [
        "https://management.azure.com",
        "https://service.powerapps.com",
        "https://vault.azure.net",
        "https://contoso-uat.crm4.dynamics.com",
    ]
    .iter()
    .map(|resource| {
        let token = net.served.token("admin", resource);
        json!({ "resource": resource, "token": token, "expires": 4_102_444_800_i64 })
    })
    .collect();
    json!({ "cmkctl": 1, "answers": answers })
}

fn run(net: &Internet, arguments: &[&str], more: &[(&str, &str)]) -> Ran {
    let mut command = net.command(arguments);
    let path = format!("{}:/usr/bin:/bin", net.served.folder().display());
    command.env("PATH", path).envs(more.iter().copied());
    keeps_secrets(finish(command))
}

/// The arguments and the request of each process.
fn asked(net: &Internet) -> Vec<(String, Value)> {
    let file = net.served.folder().join("asked-pwsh");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let one = |line: &str| {
        let (arguments, script) = line.rsplit_once(' ').unwrap();
        let bytes = STANDARD.decode(script).unwrap();
        let units = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let script = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
        let (_, rest) = script.split_once("FromBase64String('").unwrap();
        let words = STANDARD.decode(rest.split_once('\'').unwrap().0).unwrap();
        (
            arguments.to_owned(),
            serde_json::from_slice(&words).unwrap(),
        )
    };
    text.lines().map(one).collect()
}

#[test]
fn one_process_gives_the_tokens_of_all_services() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    net.served.reset();
    pwsh(&net, &tokens(&net).to_string());
    let id = net.served.default_of("environment");
    let ran = run(&net, &["status", &id, "-v"], &[("AZURE_TENANT_ID", TENANT)]).exits(0);
    assert!(
        ran.stderr.contains("Signed in with `azure-powershell`."),
        "{}",
        ran.stderr
    );
    let started = asked(&net);
    // The organization's audience is known only after the environment was read.
    assert_eq!(started.len(), 2, "{started:?}");
    let organization = json!(["https://contoso-uat.crm4.dynamics.com"]);
    assert_eq!(started[1].1["resources"], organization);
    let (arguments, wanted) = &started[0];
    assert_eq!(
        arguments,
        "-NoLogo -NoProfile -NonInteractive -EncodedCommand"
    );
    assert_eq!(wanted["tenant"], TENANT);
    let resources = wanted["resources"].as_array().unwrap();
    for resource in [
        "https://management.azure.com",
        "https://service.powerapps.com",
    ] {
        assert!(resources.contains(&json!(resource)), "{wanted}");
    }
    assert!(!net.served.effects().contains(&"foreign-token".to_owned()));
    // A refused token is not used again.
    net.served.reset();
    net.served
        .faults(&json!([{ "match": { "host": "bap" }, "do": "401" }]));
    run(&net, &["environment-name", &id], &[]).exits(0);
    let started = asked(&net);
    assert_eq!(started.len(), 4, "{started:?}");
    assert_eq!(started[2].1["tenant"], Value::Null);
}

#[test]
fn other_tools_come_first_and_words_are_no_script() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    net.served.reset();
    pwsh(&net, &tokens(&net).to_string());
    let folder = net.served.folder();
    program(
        folder,
        "az",
        "echo 'ERROR: Please run az login' >&2; exit 1",
    );
    let odd = "x' ; Remove-Item / ; '";
    let ran = run(&net, &["auth", "status"], &[("AZURE_TENANT_ID", TENANT)]).exits(0);
    assert!(ran.stdout.contains("* azure-powershell"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Please run az login"), "{}", ran.stdout);
    let asked_before = asked(&net).len();
    let own = ["auth", "status", "--auth", "azure-powershell"];
    run(&net, &own, &[("AZURE_TENANT_ID", odd)]).exits(0);
    let started = asked(&net);
    assert_eq!(started.len(), asked_before + 1);
    assert_eq!(started.last().unwrap().1["tenant"], odd);
}

#[test]
fn what_power_shell_lacks_is_said_with_what_helps() {
    let net = Internet::over(Served::start("ready", "1"), |_, _| None);
    net.served.reset();
    let failing = |words: &str| {
        let one = |resource: &str| json!({ "resource": resource, "error": words });
        let answers = [
            "https://management.azure.com",
            "https://service.powerapps.com",
        ]
        .map(one);
        json!({ "cmkctl": 1, "answers": answers }).to_string()
    };
    let missing = json!({ "cmkctl": 1, "answers": [], "error": "The specified module …",
        "id": "Modules_ModuleWithVersionNotFound,Microsoft.PowerShell.Commands.ImportModule" });
    let connect = format!("Connect-AzAccount -Tenant {TENANT}");
    for (said, words) in [
        (
            missing.to_string(),
            "Install-Module Az.Accounts -Scope CurrentUser",
        ),
        (failing("Run Connect-AzAccount to login."), connect.as_str()),
        (
            failing("Your Azure credentials have not been set up or have expired"),
            &connect,
        ),
        (
            failing("AADSTS50020: User account does not exist in tenant. Trace ID: x"),
            &connect,
        ),
        (
            failing("AADSTS50076: You must use multi-factor authentication."),
            "Connect-AzAccount -AuthScope https://management.azure.com",
        ),
        (
            failing("No such host is known."),
            "Ask the network administrator",
        ),
        ("nothing".to_owned(), "Get-AzAccessToken -ResourceUrl"),
    ] {
        pwsh(&net, &said);
        let own = ["auth", "status", "--auth", "azure-powershell"];
        let ran = run(&net, &own, &[("AZURE_TENANT_ID", TENANT)]).exits(4);
        assert!(
            ran.stderr.contains(words),
            "{said}: {words}: {}",
            ran.stderr
        );
        assert!(
            ran.stderr
                .contains("Sign-in with `azure-powershell` failed."),
            "{}",
            ran.stderr
        );
    }
}

/// `az` and `azd` start once for each service.
#[test]
fn each_tool_is_started_once_a_service() {
    for (tool, body) in [
        (
            "az",
            "{ \"accessToken\": \"%s\", \"expires_on\": 4102444800, \"tokenType\": \"Bearer\" }",
        ),
        (
            "azd",
            "{ \"token\": \"%s\", \"expiresOn\": \"2099-01-01T00:00:00Z\" }",
        ),
    ] {
        let net = Internet::over(Served::start("ready", "1"), |_, _| None);
        let folder = net.served.folder();
        let token = |name: &str, resource: &str| {
            std::fs::write(folder.join(name), net.served.token("admin", resource)).unwrap();
        };
        token("bap", "https://service.powerapps.com");
        token("org", "https://contoso-uat.crm4.dynamics.com");
        net.served.reset();
        let script = format!(
            "echo \"$*\" >> \"$here/asked-tool\"\ncase \"$*\" in\n*powerapps*) name=bap \
            ;;\n*) name=org ;;\nesac\nsleep 0.2\nprintf '{body}' \"$(cat \
            \"$here/$name\")\""
        );
        program(folder, tool, &script);
        let ran = run(
            &net,
            &["status", &net.served.default_of("environment")],
            &[],
        );
        ran.exits(0);
        let text = std::fs::read_to_string(folder.join("asked-tool")).unwrap();
        let mut services: Vec<&str> = text.lines().collect();
        services.sort_unstable();
        services.dedup();
        // One process a service, and never the same one twice.
        assert_eq!(services.len(), text.lines().count(), "{tool}: {text}");
    }
}
