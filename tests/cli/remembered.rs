//! Stored tokens of the tools: sealed, and used while the same account is signed in. The real
//! binary uses the public cloud, which the sandbox plays. `az`, `azd` and `pwsh` are scripts that
//! return the sandbox's tokens and log their calls.

use crate::children::{ended, piped};
use crate::internet::{Asked, Internet};
use crate::sign_in::keeps_secrets;
use crate::tool::{Answer, Ran, Served, finish};
use cmkctl::cloud::credential::memory::{Memory, Store};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const RESOURCES: [(&str, &str); 4] = [
    ("arm", "https://management.azure.com"),
    ("bap", "https://service.powerapps.com"),
    ("vault", "https://vault.azure.net"),
    ("org", "https://contoso-uat.crm4.dynamics.com"),
];

/// The tools' output for a token.
const AZ: &str =
    "{ \"accessToken\": \"%s\", \"expires_on\": 4102444800, \"tokenType\": \"Bearer\" }";
const AZD: &str = "{ \"token\": \"%s\", \"expiresOn\": \"2099-01-01T00:00:00Z\" }";

/// A user with a home on this machine. Its key is removed from the system's store at the end.
struct Person {
    net: Internet,
    home: tempfile::TempDir,
}

impl Drop for Person {
    fn drop(&mut self) {
        self.memory().forget_all().ok();
    }
}

impl Person {
    /// A user with one of the tools, signed in as `admin`. `None` if the kernel has no key store.
    /// Then a command can only work without it.
    fn with(tool: &str, print: &str) -> Option<Self> {
        Self::whom_services_answer(tool, print, |_, _| None)
    }

    fn whom_services_answer(
        tool: &str,
        print: &str,
        own: impl Fn(usize, &Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Option<Self> {
        let net = Internet::over(Served::start("ready", "1"), own);
        let home = tempfile::tempdir().unwrap();
        let person = Self { net, home };
        for user in ["admin", "observer"] {
            for (name, resource) in RESOURCES {
                let token = person.net.served.token(user, resource);
                std::fs::write(person.place(&format!("{user}-{name}")), token).unwrap();
            }
        }
        let body = format!(
            "echo \"$*\" >> \"$here/asked\"\ncase \"$*\" in\n*management.azure.com*) name=arm \
            ;;\n*powerapps*) name=bap ;;\n*vault.azure.net*) name=vault ;;\n*) name=org \
            ;;\nesac\nprintf '{print}' \"$(cat \"$here/$(cat \"$here/signed-in\")-$name\")\""
        );
        person.program(tool, &body);
        person.signs_in("admin");
        person.net.served.reset();
        person.memory().fault().is_none().then_some(person)
    }

    fn memory(&self) -> Memory {
        Memory::open(self.home.path().join(".cache/cmkctl"), Store::System)
    }

    fn sealed(&self) -> PathBuf {
        self.memory().file().unwrap()
    }

    fn place(&self, name: &str) -> PathBuf {
        self.net.served.folder().join(name)
    }

    fn program(&self, name: &str, body: &str) {
        let file = self.place(name);
        let text = format!("#!/bin/sh\nhere=$(dirname \"$0\")\n{body}\n");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Writes the files that the tools write at a login.
    fn signs_in(&self, user: &str) {
        std::fs::write(self.place("signed-in"), user).unwrap();
        let profile = json!({ "subscriptions": [{ "user": { "name": user }, "isDefault": true }] });
        self.account_file(".azure/azureProfile.json", &profile.to_string());
        let auth = json!({ "auth": { "account": { "currentUser": { "homeAccountId": user } } } });
        self.account_file(".azd/auth.json", &auth.to_string());
        let context = json!({ "DefaultContextKey": user, "Contexts": {} });
        self.account_file(".Azure/AzureRmContext.json", &context.to_string());
    }

    fn account_file(&self, name: &str, text: &str) {
        let file = self.home.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.net.command(arguments);
        command.env("HOME", self.home.path()).env(
            "PATH",
            format!("{}:/usr/bin:/bin", self.place("").display()),
        );
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        keeps_secrets(finish(self.command(arguments)))
    }

    /// Runs `status` of the environment.
    fn status(&self, more: &[&str]) -> Ran {
        let id = self.net.served.default_of("environment");
        self.run(&[&["status", id.as_str()], more].concat())
    }

    /// Number of starts of the tool so far.
    fn starts(&self) -> usize {
        let text = std::fs::read_to_string(self.place("asked"));
        text.unwrap_or_default().lines().count()
    }

    /// What a command line that is new here starts: the tokens that it needs, and beside them those
    /// that almost every line needs.
    #[track_caller]
    fn started_for_a_new_line(&self, before: usize, needed: usize) {
        let started = self.starts() - before;
        assert!((needed..=needed + 2).contains(&started), "{started}");
    }

    fn token(&self, user: &str, name: &str) -> String {
        std::fs::read_to_string(self.place(&format!("{user}-{name}"))).unwrap()
    }

    /// The number of requests with a token of this user.
    fn sent_as(&self, user: &str) -> usize {
        let tokens = RESOURCES.map(|(name, _)| self.token(user, name));
        let hosts = self.net.hosts();
        let all = hosts.iter().flat_map(|host| self.net.asked(host));
        all.filter(|asked| tokens.iter().any(|token| asked.head.contains(token)))
            .count()
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all
}

#[test]
fn the_next_command_starts_no_tool() {
    for (tool, print) in [("az", AZ), ("azd", AZD)] {
        let Some(person) = Person::with(tool, print) else {
            return;
        };
        person.status(&[]).exits(0);
        person.started_for_a_new_line(0, 2);
        let learned = person.starts();
        let again = person.status(&["-vvv"]).exits(0);
        assert_eq!(person.starts(), learned, "{tool}");
        again.says_on_stderr(&["was remembered"]);
        // A new line asks for what is not remembered yet, and the next time for nothing.
        person.run(&["list", "policies"]).exits(0);
        person.started_for_a_new_line(learned, 0);
        let learned = person.starts();
        person.run(&["list", "policies"]).exits(0);
        assert_eq!(person.starts(), learned, "{tool}");
        // It lies nowhere in plain text.
        let secrets = RESOURCES.map(|(name, _)| person.token("admin", name));
        let all = files(person.home.path());
        assert!(all.contains(&person.sealed()), "{all:?}");
        for file in all {
            let bytes = std::fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for secret in &secrets {
                let middle = &secret[secret.len() / 2..secret.len() / 2 + 20];
                assert!(!text.contains(middle), "{}", file.display());
                assert!(!text.contains("eyJ"), "{}", file.display());
            }
        }
        let mode = std::fs::metadata(person.sealed()).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn one_process_of_azure_power_shell_is_remembered_for_all_scopes() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    std::fs::remove_file(person.place("az")).unwrap();
    let answers = RESOURCES.map(|(name, resource)| {
        let token = person.token("admin", name);
        json!({ "resource": resource, "token": token, "expires": 4_102_444_800_i64 })
    });
    let said = json!({ "cmkctl": 1, "answers": answers }).to_string();
    std::fs::write(person.place("said"), said).unwrap();
    person.program("pwsh", "echo asked >> \"$here/asked\"\ncat \"$here/said\"");
    person.status(&[]).exits(0);
    assert_eq!(person.starts(), 2);
    person.status(&[]).exits(0);
    // Resource Manager's token came with the first one.
    person.run(&["list", "policies"]).exits(0);
    assert_eq!(person.starts(), 2);
    person.account_file(".Azure/AzureRmContext.json", "{}");
    person.status(&[]).exits(0);
    assert_eq!(person.starts(), 4);
}

/// No command ever acts as the earlier account.
#[test]
fn another_account_is_another_token() {
    for (tool, print) in [("az", AZ), ("azd", AZD)] {
        let Some(person) = Person::with(tool, print) else {
            return;
        };
        let name = |ran: &Ran| ran.json()["identity"]["name"].as_str().unwrap().to_owned();
        let asked = ["auth", "status", "-o", "json"];
        assert!(name(&person.run(&asked).exits(0)).contains("admin"));
        person.status(&[]).exits(0);
        assert!(person.sent_as("admin") > 0);
        let before = person.sent_as("admin");
        person.signs_in("observer");
        assert!(name(&person.run(&asked).exits(0)).contains("observer"));
        person.status(&[]);
        assert!(person.sent_as("observer") > 0, "{tool}");
        assert_eq!(person.sent_as("admin"), before, "{tool}");
        // After the way back, the first account's stored token is gone too.
        let starts = person.starts();
        person.signs_in("admin");
        assert!(name(&person.run(&asked).exits(0)).contains("admin"));
        assert!(person.starts() > starts, "{tool}");
    }
}

#[test]
fn each_of_these_makes_the_tokens_of_the_azure_cli_void() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    type Change<'a> = (&'a str, &'a dyn Fn());
    let profile = ".azure/azureProfile.json";
    let changes: [Change<'_>; 6] = [
        ("account set", &|| {
            person.account_file(profile, "{\"subscriptions\": [1]}");
        }),
        ("cloud set", &|| {
            person.account_file(".azure/config", "[cloud]\nname = AzureUSGovernment\n");
        }),
        ("clouds", &|| {
            person.account_file(".azure/clouds.config", "[x]\n")
        }),
        ("login of an application", &|| {
            person.account_file(".azure/service_principal_entries.json", "[]");
        }),
        ("login of another application", &|| {
            person.account_file(".azure/service_principal_entries.json", "[1]");
        }),
        ("another program", &|| {
            let (old, folder) = (person.place("az"), person.home.path().join("bin"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::rename(old, folder.join("az")).unwrap();
            for name in ["signed-in", "admin-bap", "admin-org", "asked"] {
                let to = folder.join(name);
                std::os::unix::fs::symlink(person.place(name), to).unwrap();
            }
        }),
    ];
    let status = || {
        let id = person.net.served.default_of("environment");
        let mut command = person.command(&["status", &id]);
        let bin = person.home.path().join("bin");
        let path = format!(
            "{}:{}:/usr/bin:/bin",
            bin.display(),
            person.place("").display()
        );
        keeps_secrets(finish({
            command.env("PATH", path);
            command
        }))
        .exits(0);
    };
    status();
    for (name, change) in changes {
        let before = person.starts();
        change();
        status();
        assert_eq!(person.starts(), before + 2, "{name}");
        status();
        assert_eq!(person.starts(), before + 2, "{name}");
    }
    // Without the file that names the account, the account is unknown, so nothing is stored.
    let before = person.starts();
    std::fs::remove_file(person.home.path().join(profile)).unwrap();
    status();
    status();
    assert_eq!(person.starts(), before + 4);
}

#[test]
fn variables_that_change_who_it_is_make_them_void() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    let id = person.net.served.default_of("environment");
    let status = |more: &[(&str, &str)]| {
        let mut command = person.command(&["status", &id]);
        command.envs(more.iter().copied());
        let before = person.starts();
        keeps_secrets(finish(command).exits(0));
        person.starts() - before
    };
    let other = person.home.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("azureProfile.json"), "{}").unwrap();
    for variable in [
        ("AZURE_TENANT_ID", "11111111-2222-3333-4444-555555555555"),
        ("AZURE_CONFIG_DIR", other.to_str().unwrap()),
        ("AZURE_CLOUD_NAME", "AzureUSGovernment"),
    ] {
        status(&[]);
        assert_eq!(status(&[]), 0, "{variable:?}");
        assert_eq!(status(&[variable]), 2, "{variable:?}");
        assert_eq!(status(&[variable]), 0, "{variable:?}");
    }
}

#[test]
fn a_401_makes_a_token_void() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    person.status(&[]).exits(0);
    let starts = person.starts();
    let once = json!([{ "match": { "host": "bap" }, "do": "401" }]);
    person.net.served.faults(&once);
    person.status(&[]).exits(0);
    assert_eq!(person.starts(), starts + 1);
    // After the second refusal, the token is not stored for the next command either.
    person
        .net
        .served
        .faults(&json!([{ "match": { "host": "bap" }, "do": "401", "times": 99 }]));
    person.status(&[]).exits(4);
    let starts = person.starts();
    person.net.served.faults(&json!([]));
    person.status(&[]).exits(0);
    assert_eq!(person.starts(), starts + 1);
    // The same for a vault, which answers every request with its challenge.
    let [policy, vault, key] =
        ["policy", "vault", "key"].map(|what| person.net.served.default_of(what));
    let keys = [
        "create-policy",
        "--dry-run",
        "--location",
        "europe",
        "--policy",
        policy.as_str(),
        "--vault",
        vault.as_str(),
        "--key",
        key.as_str(),
    ];
    person.run(&keys).exits(0);
    let starts = person.starts();
    let challenge = json!([{ "match": { "host": "vault.azure.net" }, "do": "challenge",
        "to": "https://vault.azure.net", "times": 99 }]);
    person.net.served.faults(&challenge);
    person.run(&keys).exits(4);
    assert_eq!(person.starts(), starts + 1);
    person.net.served.faults(&json!([]));
    person.run(&keys).exits(0);
    assert_eq!(person.starts(), starts + 2);
}

#[test]
fn nothing_is_remembered_where_nobody_wants_it() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    let told = |arguments: &[&str], more: &[(&str, &str)]| {
        let mut command = person.command(&[&["auth", "status", "-o", "json"], arguments].concat());
        command.envs(more.iter().copied());
        let ran = keeps_secrets(finish(command).exits(0));
        ran.json()["remembered"]["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (arguments, more, words) in [
        (&["--no-remember"][..], &[][..], "flag --no-remember"),
        (
            &[],
            &[("CMKCTL_REMEMBER", "false")],
            "variable CMKCTL_REMEMBER",
        ),
        (
            &[],
            &[("CMKCTL_CREDENTIAL_STORE", "none")],
            "CMKCTL_CREDENTIAL_STORE",
        ),
    ] {
        let state = told(arguments, more);
        assert!(
            state.starts_with("no: ") && state.contains(words),
            "{state}"
        );
        assert!(!person.sealed().exists(), "{words}");
    }
    let config = person.place("config.toml");
    let name = config.to_str().unwrap().to_owned();
    person
        .run(&["config", "set", "remember", "false", "--config", &name])
        .exits(0);
    assert_eq!(
        std::fs::read_to_string(&config).unwrap(),
        "remember = false\n"
    );
    assert!(told(&["--config", &name], &[]).contains("file "));
    assert!(!person.sealed().exists());
    // With the flag, stored tokens are not used either.
    assert_eq!(told(&[], &[]), "on");
    let starts = person.starts();
    assert_eq!(told(&[], &[]), "on");
    assert_eq!(person.starts(), starts);
    told(&["--no-remember"], &[]);
    assert_eq!(person.starts(), starts + 2);
    let shown = person.run(&["auth", "status"]).exits(0);
    shown.says(&[
        "token received, remembered until 2099-12-31 23:55 UTC",
        "sealed in `",
    ]);
    let mut command = person.command(&["auth", "status"]);
    command.env("CMKCTL_CREDENTIAL_STORE", "elsewhere");
    finish(command)
        .exits(2)
        .says_on_stderr(&["`CMKCTL_CREDENTIAL_STORE` is `elsewhere`, which is not valid."]);
}

#[test]
fn what_can_not_be_trusted_is_said_and_replaced() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    person.status(&[]).exits(0);
    let sealed = person.sealed();
    let whole = std::fs::read(&sealed).unwrap();
    let mode = |bits| {
        std::fs::set_permissions(&sealed, std::fs::Permissions::from_mode(bits)).unwrap();
    };
    type Harm<'a> = (&'a str, &'a dyn Fn());
    let harms: [Harm<'_>; 6] = [
        ("the file is damaged", &|| {
            std::fs::write(&sealed, "{}").unwrap()
        }),
        (
            "the file is damaged, or it is from another machine",
            &|| {
                let mut other = whole.clone();
                *other.last_mut().unwrap() ^= 1;
                std::fs::write(&sealed, other).unwrap();
            },
        ),
        ("other users may have access to the file (mode 644", &|| {
            mode(0o644)
        }),
        ("other users may have access to the file (mode 660", &|| {
            mode(0o660)
        }),
        ("the file is a symbolic link", &|| {
            let aside = person.place("aside");
            std::fs::rename(&sealed, &aside).unwrap();
            std::os::unix::fs::symlink(aside, &sealed).unwrap();
        }),
        ("", &|| {
            // Another machine, or this machine after a restart.
            std::fs::rename(&sealed, person.place("aside")).unwrap();
            person.memory().forget_all().unwrap();
            std::fs::rename(person.place("aside"), &sealed).unwrap();
        }),
    ];
    for (words, harm) in harms {
        let before = person.starts();
        harm();
        let told = person.run(&["auth", "status", "--auth", "environment", "-o", "json"]);
        let state = told.json()["remembered"]["state"].clone();
        assert!(
            state.as_str().unwrap().starts_with("no: "),
            "{words}: {state}"
        );
        let ran = person.status(&[]).exits(0);
        person.started_for_a_new_line(before, 2);
        assert_eq!(
            ran.stderr.matches("remembered sign-ins").count(),
            usize::from(!words.is_empty()),
            "{words}: {}",
            ran.stderr
        );
        ran.says_on_stderr(&[words]);
        let ran = person.status(&[]).exits(0);
        person.started_for_a_new_line(before, 2);
        assert!(
            !ran.stderr.contains("remembered"),
            "{words}: {}",
            ran.stderr
        );
    }
}

#[test]
fn many_commands_at_once_lose_nothing() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    let id = person.net.served.default_of("environment");
    let started: Vec<_> = (0..20)
        .map(|number| {
            let list = ["list", "policies"];
            let status = ["status", id.as_str()];
            let arguments = if number % 2 == 0 { list } else { status };
            piped(person.command(&arguments))
        })
        .collect();
    for child in started {
        let output = ended(child);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("remember"), "{said}");
    }
    let before = person.starts();
    person.status(&[]).exits(0);
    person.run(&["list", "policies"]).exits(0);
    assert_eq!(person.starts(), before);
    let beside = std::fs::read_dir(person.sealed().parent().unwrap()).unwrap();
    let names: Vec<_> = beside.flatten().map(|entry| entry.file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().starts_with(".remembered")),
        "{names:?}"
    );
}

/// A folder that can't be written, or a missing home: commands work without the store.
#[test]
fn without_a_place_it_works_as_before() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    let id = person.net.served.default_of("environment");
    std::fs::write(person.home.path().join("file"), "").unwrap();
    let nowhere = person.home.path().join("file").join("cache");
    for (name, value) in [
        ("XDG_CACHE_HOME", nowhere.to_str().unwrap()),
        ("XDG_CACHE_HOME", "/nonexistent/deep/cache"),
    ] {
        let mut command = person.command(&["status", &id]);
        command.env(name, value);
        let before = person.starts();
        let ran = keeps_secrets(finish(command).exits(0));
        person.started_for_a_new_line(before, 2);
        assert_eq!(
            ran.stderr.matches("can't remember").count(),
            1,
            "{}",
            ran.stderr
        );
        assert!(!Path::new("/nonexistent").exists());
    }
}

/// A token that expires soon is not stored.
#[test]
fn a_token_that_ends_soon_is_asked_for_again() {
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(4);
    let print = AZ.replace("4102444800", &soon.as_second().to_string());
    let Some(person) = Person::with("az", &print) else {
        return;
    };
    person.run(&["list", "policies"]).exits(0);
    let before = person.starts();
    person.run(&["list", "policies"]).exits(0);
    assert!(person.starts() > before);
}

/// The other ways to sign in store nothing.
#[test]
fn a_secret_leaves_no_token_behind() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    let served = &person.net.served;
    let mut command = person.command(&["auth", "status"]);
    command
        .env("AZURE_TENANT_ID", served.tenant_id())
        .env("AZURE_CLIENT_ID", served.client_id("admin"))
        .env("AZURE_CLIENT_SECRET", "sandbox");
    let ran = keeps_secrets(finish(command).exits(0));
    assert!(!ran.stdout.contains("remembered until"), "{}", ran.stdout);
    assert_eq!(person.starts(), 0);
    assert!(!person.sealed().exists());
}

impl Person {
    /// Makes the tool slow, and logs its times for each scope.
    fn takes_its_time(&self) {
        let file = self.place("az");
        let script = std::fs::read_to_string(&file).unwrap();
        let (head, rest) = script.split_once("printf").unwrap();
        let script = format!(
            "{head}echo \"$name $(date +%s%N)\" >> \"$here/began\"\nsleep 1\necho \"$name $(date \
            +%s%N)\" >> \"$here/ended\"\nprintf{rest}"
        );
        std::fs::write(file, script).unwrap();
    }

    /// The scopes for which the tool ran since the last call, each with start and end.
    fn at_work(&self) -> Vec<(String, u128, u128)> {
        let read = |name: &str| {
            let text = std::fs::read_to_string(self.place(name)).unwrap_or_default();
            std::fs::remove_file(self.place(name)).ok();
            let lines: Vec<(String, u128)> = text
                .lines()
                .map(|line| line.split_once(' ').unwrap())
                .map(|(name, at)| (name.to_owned(), at.parse().unwrap()))
                .collect();
            lines
        };
        let ended = read("ended");
        // What nobody waited for may have been stopped.
        let began = read("began").into_iter().filter_map(|(name, from)| {
            let end = ended.iter().find(|(other, _)| *other == name)?.1;
            Some((name, from, end))
        });
        let mut all: Vec<_> = began.collect();
        all.sort();
        all
    }
}

/// Did all of them run at the same time at some moment?
fn at_the_same_time(all: &[(String, u128, u128)]) -> bool {
    let last_began = all.iter().map(|(_, from, _)| from).max();
    let first_ended = all.iter().map(|(.., to)| to).min();
    last_began < first_ended
}

fn names(all: &[(String, u128, u128)]) -> Vec<&str> {
    all.iter().map(|(name, ..)| name.as_str()).collect()
}

#[test]
fn scopes_are_asked_for_at_the_same_time() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    person.takes_its_time();
    person.run(&["auth", "status", "--no-remember"]).exits(0);
    let both = person.at_work();
    assert_eq!(names(&both), ["arm", "bap"]);
    assert!(at_the_same_time(&both), "{both:?}");
    // What one service says first must be known before the next one can be asked.
    person.status(&["--no-remember"]).exits(0);
    let one_by_one = person.at_work();
    assert_eq!(names(&one_by_one), ["bap", "org"]);
    assert!(!at_the_same_time(&one_by_one), "{one_by_one:?}");
    // A line that is new here is expected to need what most need, and `org` comes after that.
    person.status(&[]).exits(0);
    let expected = person.at_work();
    let together: Vec<_> = expected.into_iter().filter(|one| one.0 != "org").collect();
    assert_eq!(names(&together), ["arm", "bap"]);
    assert!(at_the_same_time(&together), "{together:?}");
    // The next time it is known what this line needs, and no more than that is asked for.
    person.signs_in("admin");
    person.status(&[]).exits(0);
    let all = person.at_work();
    assert_eq!(names(&all), ["bap", "org"]);
    assert!(at_the_same_time(&all), "{all:?}");
    person.run(&["list", "policies"]).exits(0);
    person.at_work();
    person.signs_in("admin");
    person.run(&["list", "policies"]).exits(0);
    let list = person.at_work();
    assert_eq!(names(&list), ["arm"]);
}

#[test]
fn a_tool_that_fails_is_started_once_for_each_scope() {
    let Some(person) = Person::with("az", AZ) else {
        return;
    };
    let tokens = std::fs::read_to_string(person.place("az")).unwrap();
    let failing = "echo \"$*\" >> \"$here/asked\"\necho 'ERROR: Please run az login' >&2\nexit 1";
    person.program("az", failing);
    person
        .run(&["auth", "status"])
        .exits(4)
        .says(&["Please run az login"]);
    person.started_for_a_new_line(0, 2);
    // What a line needed is known from when it went well, and a failure is tried anew.
    std::fs::write(person.place("az"), tokens).unwrap();
    person.status(&[]).exits(0);
    person.program("az", failing);
    person.signs_in("admin");
    let before = person.starts();
    person.status(&[]).exits(4);
    // The second process may already run when the first one fails.
    let started = person.starts() - before;
    assert!((1..=2).contains(&started), "{started}");
}
