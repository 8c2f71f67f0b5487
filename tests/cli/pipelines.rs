//! GitHub Actions and Azure Pipelines: the effects of a run there, protection from foreign
//! commands, and the unchanged examples.

use crate::runner::{Job, Runner, Service, example};
use crate::tenants::plain;
use crate::tool::{FAST, Served, command, finish, rehearse};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const BOTH: [(Service, &str); 2] = [
    (Service::GitHub, "github"),
    (Service::AzurePipelines, "azure-pipelines"),
];
const DAY: f64 = 86_400.0;

fn shows(job: &Job, kind: &str, code: &str) -> bool {
    job.shown
        .iter()
        .any(|(shown, title, _)| shown == kind && title == code)
}

/// A runner with the variables of the examples.
fn runner(service: Service, served: &Served) -> Runner {
    let mut runner = Runner::new(service, served);
    let defaults = served.cloud()["defaults"].clone();
    for name in ["environment", "vault", "key", "policy"] {
        let value = defaults[name].as_str().unwrap().to_owned();
        let variable = format!("CMKCTL_{}", name.to_uppercase());
        let variable = if service == Service::GitHub {
            format!("vars.{variable}")
        } else {
            variable
        };
        runner.known.insert(variable, value);
    }
    runner
        .known
        .insert("inputs.confirm".to_owned(), "Contoso UAT".to_owned());
    runner
        .known
        .insert("parameters.confirm".to_owned(), "Contoso UAT".to_owned());
    runner
        .known
        .insert("github.token".to_owned(), "a-token".to_owned());
    runner
        .known
        .insert("System.AccessToken".to_owned(), "a-token".to_owned());
    runner
}

#[test]
fn the_examples_enable_watch_and_end() {
    for (service, name) in BOTH {
        let served = Served::patched(
            &plain(json!({ "settings": { "link_seconds": 4.0 * DAY } })),
            "60000",
        );
        let mut runner = runner(service, &served);
        let job = runner.run(&example(&format!("{name}-enable.yml")));
        assert!(!job.failed, "{}", job.log);
        assert!(
            job.summary.contains("### cmkctl enable: running"),
            "{}",
            job.summary
        );
        assert!(
            job.summary.contains("Exit code | 8") && job.summary.contains("**Next**"),
            "{}",
            job.summary
        );
        assert!(
            !job.shown.iter().any(|(kind, _, _)| kind == "error"),
            "{:?}",
            job.shown
        );
        let (on, off) = match service {
            Service::GitHub => (
                "gh workflow enable github-watch.yml --repo contoso/keys",
                "gh workflow disable",
            ),
            Service::AzurePipelines => (
                "--pipeline-name cmk-watch --name watch --value on",
                "--pipeline-id 7 --name watch --value off",
            ),
        };
        assert!(runner.calls().contains(on), "{}", runner.calls());
        assert_eq!(
            fs::read_to_string(runner.path("temp").join("cmkctl-audit.jsonl"))
                .unwrap()
                .lines()
                .count()
                % 2,
            0
        );

        // The watch runs again and again without failing. When the operation is done, it turns
        // itself off.
        let watch = example(&format!("{name}-watch.yml"));
        let mut looks = 0;
        let last = loop {
            let job = runner.run(&watch);
            assert!(!job.failed, "{}", job.log);
            looks += 1;
            if runner.calls().contains(off) {
                break job;
            }
            assert!(job.summary.contains("Exit code | 8"), "{}", job.summary);
            assert!(looks < 500, "it never ends");
        };
        assert!(looks > 1, "it ended at once");
        assert!(
            last.summary.contains("### cmkctl status: encrypted"),
            "{}",
            last.summary
        );
        assert_eq!(served.times("link-started"), 1);

        // A repeated run starts nothing, and does not turn the watch on again.
        let before = runner.calls();
        let job = runner.run(&example(&format!("{name}-enable.yml")));
        assert!(
            !job.failed && job.summary.contains("### cmkctl enable: unchanged"),
            "{}",
            job.log
        );
        assert_eq!(runner.calls(), before);
        runner.home_is_untouched();
        assert!(
            !runner.calls().contains("cargo") && !runner.calls().contains("git "),
            "{}",
            runner.calls()
        );
    }
}

#[test]
fn the_watcher_ends_when_the_encryption_ended_without_the_key() {
    for (service, name) in BOTH {
        let served = Served::start("ready", FAST);
        let mut runner = runner(service, &served);
        // Nothing was started, so the watch turns itself off and fails.
        let job = runner.run(&example(&format!("{name}-watch.yml")));
        assert!(
            job.failed && shows(&job, "error", "unverified"),
            "{}",
            job.log
        );
        assert!(
            runner.calls().contains("disable") || runner.calls().contains("--value off"),
            "{}",
            runner.calls()
        );
        // A service that does not answer does not end the watch.
        served.faults(&json!([{ "match": { "host": "bap" }, "do": "500", "times": 1000 }]));
        let before = runner.calls();
        let job = runner.run(&example(&format!("{name}-watch.yml")));
        assert!(job.failed, "{}", job.log);
        assert_eq!(runner.calls(), before);
    }
}

#[test]
fn the_example_that_looks_for_drift_finds_it() {
    for (service, name) in BOTH {
        for (scenario, kind, code) in [
            ("ready", "", ""),
            ("expiring", "warning", "expiring"),
            ("locked", "error", "locked"),
        ] {
            let served = Served::start(scenario, FAST);
            let mut runner = runner(service, &served);
            let job = runner.run(&example(&format!("{name}-drift.yml")));
            assert_eq!(job.failed, !kind.is_empty(), "{}", job.log);
            if !kind.is_empty() {
                assert!(shows(&job, kind, code), "{:?}", job.shown);
                assert!(
                    job.summary.contains(&format!("| {code} | Contoso UAT |")),
                    "{}",
                    job.summary
                );
            }
            assert!(job.summary.contains("10 environments"), "{}", job.summary);
            let page =
                fs::read_to_string(runner.path("temp").join("customer-managed-keys.html")).unwrap();
            assert!(
                page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"),
                "{page}"
            );
            assert_eq!(served.ledger()["writes"], 0);
            runner.home_is_untouched();
        }
    }
}

#[test]
fn a_page_that_does_not_hold_everything_is_kept_and_drift_is_looked_for() {
    for (service, name) in BOTH {
        let served = Served::start("expiring", FAST);
        let hidden = json!({ "method": "GET", "path": "/enterprisePolicies/" });
        served.faults(&json!([{ "match": hidden, "do": "403", "times": 1000 }]));
        let mut runner = runner(service, &served);
        let job = runner.run(&example(&format!("{name}-drift.yml")));
        assert!(
            job.failed && job.log.contains("The document is written."),
            "{}",
            job.log
        );
        for command in ["### cmkctl report", "### cmkctl status"] {
            assert!(job.summary.contains(command), "{command}: {}", job.summary);
        }
        let page =
            fs::read_to_string(runner.path("temp").join("customer-managed-keys.html")).unwrap();
        assert!(page.trim_end().ends_with("</html>"), "{page}");
    }
    // The evidence is kept after a failure too.
    let steps = example("github-drift.yml")["jobs"]["drift"]["steps"].clone();
    let keeps = steps
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["name"] == "Keep the evidence")
        .unwrap()
        .clone();
    assert_eq!(keeps["if"], "${{ !cancelled() }}");
    let steps = example("azure-pipelines-drift.yml")["jobs"][0]["steps"].clone();
    let keeps = steps
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["publish"].is_string())
        .unwrap()
        .clone();
    assert_eq!(keeps["condition"], "always()");
}

#[test]
fn the_examples_are_careful() {
    for what in ["enable", "watch", "drift"] {
        let workflow = example(&format!("github-{what}.yml"));
        assert_eq!(workflow["permissions"]["id-token"], "write", "{what}");
        for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"] {
            assert_eq!(workflow["env"][name], format!("${{{{ vars.{name} }}}}"));
        }
        for job in workflow["jobs"].as_object().unwrap().values() {
            assert!(job["timeout-minutes"].as_u64().unwrap() <= 60, "{what}");
            for step in job["steps"].as_array().unwrap() {
                let Some(uses) = step["uses"].as_str() else {
                    continue;
                };
                let (_, version) = uses.split_once("@v").unwrap();
                assert!(version.parse::<u8>().is_ok(), "{uses}");
            }
        }
        let pipeline = example(&format!("azure-pipelines-{what}.yml"));
        assert_eq!(pipeline["trigger"], "none", "{what}");
        let job = &pipeline["jobs"][0];
        assert!(job["timeoutInMinutes"].as_u64().unwrap() <= 60, "{what}");
        let steps = job["steps"]
            .as_array()
            .or_else(|| job["strategy"]["runOnce"]["deploy"]["steps"].as_array())
            .unwrap();
        let azure: Vec<&Value> = steps
            .iter()
            .filter(|step| step["task"] == "AzureCLI@2")
            .collect();
        assert_eq!(azure.len(), 1, "{what}");
        assert_eq!(
            azure[0]["env"]["SYSTEM_ACCESSTOKEN"], "$(System.AccessToken)",
            "{what}"
        );
    }
    assert_eq!(
        example("azure-pipelines-watch.yml")["jobs"][0]["condition"],
        "eq(variables['watch'], 'on')"
    );
    // No example has a secret, or a place for one.
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yml") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                !text.contains("secrets.") && !text.contains("CLIENT_SECRET"),
                "{}",
                path.display()
            );
        }
    }
}

/// The scripts of all steps, in order.
fn scripts(workflow: &Value) -> Vec<String> {
    let job = &workflow["jobs"];
    let steps = job
        .pointer("/enable/steps")
        .or_else(|| job.pointer("/0/strategy/runOnce/deploy/steps"));
    let script = |step: &Value| {
        let inline = &step["inputs"]["inlineScript"];
        [&step["run"], &step["bash"], &step["pwsh"], inline]
            .into_iter()
            .find_map(Value::as_str)
            .map(str::to_owned)
    };
    steps
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .filter_map(script)
        .collect()
}

/// The commands of a script, without the marks of its shell.
fn commands(script: &str) -> Vec<String> {
    let programs = [
        "cmkctl enable",
        "gh workflow",
        "az pipelines",
        "--pipeline-name",
        "cargo install",
    ];
    let command = |line: &str| {
        let start = programs
            .iter()
            .filter_map(|program| line.find(program))
            .min()?;
        let line = line[start..].split(" ||").next()?;
        let plain = line.replace("$env:", "$").replace('"', "");
        Some(plain.trim_end_matches([' ', '}', '`', '\\']).to_owned())
    };
    script.lines().filter_map(command).collect()
}

/// A workflow without its scripts, its shell and its runner.
fn without_shell(mut workflow: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for shell in [
                    "run",
                    "bash",
                    "pwsh",
                    "inlineScript",
                    "scriptType",
                    "runs-on",
                    "pool",
                    "defaults",
                ] {
                    fields.remove(shell);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(all) => all.iter_mut().for_each(strip),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    strip(&mut workflow);
    workflow["name"] = Value::Null;
    workflow
}

#[test]
fn the_examples_for_windows_do_the_same() {
    for (_, name) in BOTH {
        let [sh, power_shell] =
            ["", "-windows"].map(|system| example(&format!("{name}-enable{system}.yml")));
        assert_eq!(
            without_shell(sh.clone()),
            without_shell(power_shell.clone()),
            "{name}"
        );
        let all = |workflow: &Value| -> Vec<String> {
            scripts(workflow)
                .iter()
                .flat_map(|script| commands(script))
                .collect()
        };
        assert_eq!(all(&sh), all(&power_shell), "{name}");
        assert!(all(&sh).len() > 3, "{name}");
        assert!(power_shell.to_string().contains("windows-latest"), "{name}");
        scripts(&power_shell)
            .iter()
            .for_each(|script| accepts_to_the_end(script));
    }
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/topics")).unwrap()
    {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for block in text.split("```powershell\n").skip(1) {
            accepts_to_the_end(block.split("```").next().unwrap());
        }
    }
}

/// A step ends with the code of its last program. A script that accepts another code than 0 must
/// therefore end with 0 itself.
fn accepts_to_the_end(script: &str) {
    if script.contains("-notin") {
        assert!(script.trim_end().ends_with("\nexit 0"), "{script}");
    }
}

#[test]
fn findings_and_errors_become_annotations_and_outputs() {
    let served = Served::start("fresh", FAST);
    let id = served.run(&["environment-name", "-o", "json"]).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut github = runner(Service::GitHub, &served);
    let job = github.script("cmkctl check");
    assert!(
        job.failed && shows(&job, "error", "CMK006") && shows(&job, "error", "CMK010"),
        "{}",
        job.log
    );
    assert!(shows(&job, "error", "blocked"), "{:?}", job.shown);
    assert!(
        job.summary.contains("Power Platform Administrator") && job.summary.contains("CMK027"),
        "{}",
        job.summary
    );
    // A note is in the summary only.
    assert!(
        !job.shown.iter().any(|(_, title, _)| title == "CMK027"),
        "{:?}",
        job.shown
    );
    let outputs = |runner: &Runner, names: [&str; 4]| names.map(|name| runner.known[name].clone());
    let step = "steps.script.outputs";
    let names = ["outcome", "exit-code", "environment", "environment-name"]
        .map(|name| format!("{step}.{name}"));
    assert_eq!(
        outputs(&github, names.each_ref().map(String::as_str)),
        ["blocked", "6", &id, "Contoso UAT"]
    );
    let job = github.script("cmkctl environment-name nowhere");
    assert!(shows(&job, "error", "CMK002"), "{:?}", job.shown);
    // No output of the earlier run remains.
    assert_eq!(
        outputs(&github, names.each_ref().map(String::as_str)),
        ["usage", "2", "", ""]
    );
    // stdout stays pure data, and ids are never masked.
    let job = github.script(
        "cmkctl environment-name -o json 2>/dev/null | grep -q '\"schema\": \
            \"cmkctl/environment/v1\"'",
    );
    assert!(!job.failed, "{}", job.log);
    let job = github.script(
        "cmkctl enable --make-managed --fix --yes --confirm 'Contoso UAT' --no-wait \
            || test $? -eq 8",
    );
    assert!(
        !job.failed && job.log.contains(&id) && !job.log.contains("add-mask"),
        "{}",
        job.log
    );
    assert!(shows(&job, "notice", "still-running"), "{:?}", job.shown);
    assert!(
        github.known[&format!("{step}.operation")].len() > 10
            && github.known[&format!("{step}.policy")].starts_with("/subscriptions/")
    );

    let served = Served::start("fresh", FAST);
    let mut azure = runner(Service::AzurePipelines, &served);
    let job = azure.script("cmkctl check");
    assert!(
        job.failed && shows(&job, "error", "CMK006") && shows(&job, "error", "blocked"),
        "{}",
        job.log
    );
    let names = [
        "script.outcome",
        "script.exitCode",
        "script.environment",
        "script.environmentName",
    ];
    assert_eq!(outputs(&azure, names), ["blocked", "6", &id, "Contoso UAT"]);
    assert!(
        job.summary.contains("### cmkctl check: blocked"),
        "{}",
        job.summary
    );
}

#[test]
fn it_can_be_turned_off_and_on() {
    let served = Served::start("fresh", FAST);
    for (service, _) in BOTH {
        let mut runner = runner(service, &served);
        for script in ["cmkctl check --no-ci", "CMKCTL_CI=off cmkctl check"] {
            let job = runner.script(script);
            assert!(
                job.failed && job.shown.is_empty() && job.summary.is_empty(),
                "{script}: {}",
                job.log
            );
            assert!(
                !runner.known.keys().any(|name| name.ends_with("outcome")),
                "{script}"
            );
        }
        let job = runner.script("CMKCTL_CI=jenkins cmkctl check");
        assert!(
            job.failed && job.log.contains("`CMKCTL_CI` is `jenkins`"),
            "{}",
            job.log
        );
    }
    // With the flag, it works on any machine. Without files, it writes none.
    for (name, words) in [
        ("github", "::error title=CMK006::"),
        (
            "azure-pipelines",
            "##vso[task.logissue type=error;code=CMK006]",
        ),
    ] {
        let mut command = served.command("admin", &["check"]);
        command.env("CMKCTL_CI", name);
        assert!(finish(command).exits(6).stderr.contains(words), "{name}");
    }
    let plain = rehearse(&["check", "--scenario", "fresh"]).exits(6);
    assert!(
        !plain.stderr.contains("::error") && !plain.stderr.contains("##vso["),
        "{}",
        plain.stderr
    );
    // A file that can't be written is reported, and changes nothing else.
    let mut command = served.command("admin", &["environment-name"]);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", "/nonexistent/summary");
    assert!(
        finish(command)
            .exits(0)
            .stderr
            .contains("`/nonexistent/summary` can't be written")
    );
}

/// Names that would be commands without escaping: on a line of their own, inside a line, and with
/// characters that comparisons ignore.
const COMMANDS: &str = "\n::add-mask::cmk\r\n  ::error title=x::pwned\u{2028}::stop-commands::x \
    ##[error]pwned ##vso[task.setvariable variable=x]y \
    ##VSO[task.complete result=Failed] #\u{fe0f}#[warning]x :\u{34f}:error::x ::error::x";

#[test]
fn nobody_else_gets_a_command_into_the_log() {
    for start in ["", "::set-output name=outcome::done "] {
        let name = format!("{start}{COMMANDS}");
        let served = Served::patched(
            &json!({
                "summary": "x.",
                "environments": { "uat": { "name": name }, "production": { "name": name,
                    "policy": "ep-contoso-old" } },
                "policies": { "ep-contoso-old": { "vault": "kv-contoso-cmk", "key": "cmk-contoso",
                    "location": name, "kind": name } },
                "locks": [{ "scope": "@vault", "level": name, "name": name }],
            }),
            FAST,
        );
        for (service, _) in BOTH {
            // Every foreign command, complete or partial, fails the test.
            let mut runner = runner(service, &served);
            let mut told = 0;
            let mut all = |what: &str, formats: &[&str]| {
                let run = |format: &&str| format!("cmkctl {what} -v -o {format} || true\n");
                told += runner
                    .script(&formats.iter().map(run).collect::<String>())
                    .log
                    .matches("pwned")
                    .count();
            };
            let formats = ["table", "json", "jsonl", "tsv", "yaml", "none"];
            for what in [
                "check",
                "status --all",
                "environment-name",
                "enable --dry-run",
            ] {
                all(what, &formats);
            }
            for what in ["status", "check-integration", "enable --yes", "auth status"] {
                all(what, &["table", "yaml"]);
            }
            all("status --query '[environment.name]'", &formats);
            all("check --query '[{a: environment_name}]'", &formats);
            all("report", &["html", "markdown"]);
            assert!(told > 50, "nothing hostile was even told: {told}");
            let job = runner.script("cmkctl check -o sarif; cmkctl check");
            assert!(
                !job.summary.contains("\n::") && !job.summary.contains("##vso["),
                "{}",
                job.summary
            );
            let job = runner.script(
                "cmkctl status \"$(printf 'x\\n::error::y ##vso[a.b]c')\"; \
                cmkctl \"$(printf 'x\\n::error::y ##vso[a.b]c')\"",
            );
            assert!(job.log.contains("error:"), "{}", job.log);
        }
        // A script gets the name unchanged.
        let mut plain = served.command("admin", &["environment-name", "-o", "json"]);
        plain.env("LC_ALL", "C");
        let mut inside = served.command("admin", &["environment-name", "-o", "json"]);
        inside.env("GITHUB_ACTIONS", "true");
        assert_eq!(finish(plain).json(), finish(inside).json());
    }
    let mut usage = command(&["--nothing"]);
    usage.env("GITHUB_ACTIONS", "true");
    assert!(finish(usage).exits(2).stderr.contains("--nothing"));
}
