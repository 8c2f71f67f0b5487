//! A CI runner, as far as cmkctl and the examples need one. It runs a job's steps with bash,
//! without a terminal and with a home that can't be written. It obeys the workflow commands in
//! their output.

use crate::tool::Served;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The service that it plays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    GitHub,
    AzurePipelines,
}

/// A runner, whose files are removed when it is dropped.
pub(crate) struct Runner {
    service: Service,
    folder: tempfile::TempDir,
    cloud: PathBuf,
    /// `vars.NAME`, `inputs.NAME`, `parameters.NAME`, plain variables, and the outputs of steps.
    pub(crate) known: BTreeMap<String, String>,
}

/// The results of a job.
#[derive(Debug, Default)]
pub(crate) struct Job {
    pub(crate) failed: bool,
    /// Both streams of every step, as in the log.
    pub(crate) log: String,
    pub(crate) summary: String,
    /// Workflow commands that show a message: kind, title or code, text.
    pub(crate) shown: Vec<(String, String, String)>,
}

/// A step of either service.
struct Step {
    name: String,
    id: String,
    script: String,
    environment: Map<String, Value>,
    always: bool,
}

pub(crate) fn example(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name);
    serde_norway::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(
        || {
            if value.is_null() {
                String::new()
            } else {
                value.to_string()
            }
        },
        str::to_owned,
    )
}

fn steps(job: &Value) -> &Vec<Value> {
    let deployment = &job["strategy"]["runOnce"]["deploy"]["steps"];
    job["steps"]
        .as_array()
        .or_else(|| deployment.as_array())
        .unwrap()
}

impl Runner {
    pub(crate) fn new(service: Service, served: &Served) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "work", "temp", "bin"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let runner = Self {
            service,
            cloud: served.cloud_file(),
            folder,
            known: BTreeMap::new(),
        };
        // Downloads fail, and calls to the pipeline's service are only logged.
        for tool in ["gh", "az", "git", "cargo"] {
            let path = runner.path("bin").join(tool);
            let code = if ["gh", "az"].contains(&tool) { 0 } else { 99 };
            fs::write(
                &path,
                format!("#!/bin/sh\necho \"{tool} $*\" >> \"$CALLS\"\nexit {code}\n"),
            )
            .unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(runner.path("home"), fs::Permissions::from_mode(0o555)).unwrap();
        runner
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The calls to the pipeline's service.
    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// Checks that the home stayed empty.
    pub(crate) fn home_is_untouched(&self) {
        assert_eq!(fs::read_dir(self.path("home")).unwrap().count(), 0);
    }

    /// Expands `${{ vars.X }}` and `$(X)`. An unknown name is empty at GitHub, and stays as it is
    /// at Azure Pipelines.
    fn expand(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (open, close) in [("${{", "}}"), ("$(", ")")] {
            while let Some(start) = out.find(open) {
                let Some(end) = out[start..].find(close) else {
                    break;
                };
                let name = out[start + open.len()..start + end].trim().to_owned();
                let value = self.known.get(&name).cloned().unwrap_or_default();
                out.replace_range(start..start + end + close.len(), &value);
            }
        }
        out
    }

    fn steps(&self, job: &Value) -> Vec<Step> {
        let mut all = Vec::new();
        for step in steps(job) {
            let script = [&step["run"], &step["bash"], &step["inputs"]["inlineScript"]]
                .into_iter()
                .find_map(Value::as_str);
            let Some(script) = script else { continue };
            assert!(
                !script.contains("${{") && !script.contains("$("),
                "an expression in a script: {script}"
            );
            let id = if self.service == Service::GitHub {
                &step["id"]
            } else {
                &step["name"]
            };
            let name = if self.service == Service::GitHub {
                &step["name"]
            } else {
                &step["displayName"]
            };
            all.push(Step {
                name: word(name),
                id: word(id),
                script: script.to_owned(),
                environment: step["env"].as_object().cloned().unwrap_or_default(),
                // Jobs are never canceled here.
                always: ["always()", "${{ !cancelled() }}"].contains(&word(&step["if"]).as_str())
                    || word(&step["condition"]) == "always()",
            });
        }
        all
    }

    /// Runs the only job of a workflow.
    pub(crate) fn run(&mut self, workflow: &Value) -> Job {
        let mut outcome = Job::default();
        let job = match &workflow["jobs"] {
            Value::Object(jobs) => jobs.values().next().unwrap(),
            jobs => &jobs[0],
        };
        for step in self.steps(job) {
            if outcome.failed && !step.always {
                continue;
            }
            let mut environment = workflow["env"].as_object().cloned().unwrap_or_default();
            environment.extend(step.environment.clone());
            self.step(&step, &environment, &mut outcome);
        }
        outcome
    }

    /// Runs a script as a step.
    pub(crate) fn script(&mut self, script: &str) -> Job {
        let step = Step {
            name: "script".to_owned(),
            id: "script".to_owned(),
            script: script.to_owned(),
            environment: Map::new(),
            always: false,
        };
        let mut outcome = Job::default();
        self.step(&step, &Map::new(), &mut outcome);
        outcome
    }

    fn step(&mut self, step: &Step, environment: &Map<String, Value>, outcome: &mut Job) {
        let files = ["script.sh", "summary", "output", "log"].map(|name| self.path(name));
        let [script, summary, output, log] = &files;
        fs::write(script, &step.script).unwrap();
        fs::write(summary, "").unwrap();
        fs::write(output, "").unwrap();
        let both = fs::File::create(log).unwrap();
        let binary = Path::new(env!("CARGO_BIN_EXE_cmkctl")).parent().unwrap();
        let mut shell = Command::new("bash");
        shell
            .env_clear()
            .current_dir(self.path("work"))
            .stdin(Stdio::null());
        shell.stdout(both.try_clone().unwrap()).stderr(both);
        shell.env(
            "PATH",
            format!(
                "{}:{}:/usr/bin:/bin",
                self.path("bin").display(),
                binary.display()
            ),
        );
        shell
            .env("HOME", self.path("home"))
            .env("CALLS", self.path("calls"))
            .env("CMKCTL_CLOUD", &self.cloud);
        match self.service {
            Service::GitHub => {
                shell
                    .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
                    .arg(script);
                shell
                    .env("CI", "true")
                    .env("GITHUB_ACTIONS", "true")
                    .env("GITHUB_REPOSITORY", "contoso/keys");
                shell
                    .env("GITHUB_STEP_SUMMARY", summary)
                    .env("GITHUB_OUTPUT", output);
                shell
                    .env("GITHUB_WORKSPACE", self.path("work"))
                    .env("RUNNER_TEMP", self.path("temp"));
            }
            Service::AzurePipelines => {
                shell.args(["--noprofile", "--norc"]).arg(script);
                shell
                    .env("TF_BUILD", "True")
                    .env("AGENT_TEMPDIRECTORY", self.path("temp"));
                shell
                    .env("SYSTEM_COLLECTIONURI", "https://dev.azure.com/contoso/")
                    .env("SYSTEM_TEAMPROJECT", "keys");
                shell
                    .env("SYSTEM_DEFINITIONID", "7")
                    .env("AGENT_TOOLSDIRECTORY", self.path("temp"));
                // Azure Pipelines passes variables as environment variables in capitals, but not
                // secrets.
                let plain = self.known.iter().filter(|(name, _)| !name.contains('.'));
                plain.for_each(|(name, value)| {
                    shell.env(name.to_uppercase(), value);
                });
            }
        }
        for (name, value) in environment {
            shell.env(name, self.expand(&word(value)));
        }
        let status = shell.status().unwrap();
        outcome.failed |= !status.success();
        let log = fs::read_to_string(log).unwrap();
        outcome.log.push_str(&format!("[{}]\n{log}", step.name));
        outcome
            .summary
            .push_str(&fs::read_to_string(summary).unwrap());
        for line in fs::read_to_string(output).unwrap().lines() {
            let (name, value) = line
                .split_once('=')
                .unwrap_or_else(|| panic!("not an output: {line}"));
            self.known.insert(
                format!("steps.{}.outputs.{name}", step.id),
                value.to_owned(),
            );
        }
        for line in log.lines() {
            match self.service {
                Service::GitHub => outcome.shown.extend(github(line)),
                Service::AzurePipelines => self.azure_pipelines(line, &step.id, outcome),
            }
        }
    }

    /// Reads `##vso[…]` anywhere in a line, like the agent. A command that is not cmkctl's fails
    /// the test.
    fn azure_pipelines(&mut self, line: &str, step: &str, outcome: &mut Job) {
        let Some(start) = line.to_ascii_lowercase().find("##vso[") else {
            return;
        };
        let (head, text) = line[start + 6..]
            .split_once(']')
            .unwrap_or_else(|| panic!("half a command: {line}"));
        assert_eq!(
            (start, line.matches("##vso[").count()),
            (0, 1),
            "a command that is not ours: {line}"
        );
        let undo = |text: &str| {
            text.replace("%3B", ";")
                .replace("%5D", "]")
                .replace("%0A", "\n")
                .replace("%0D", "\r")
                .replace("%AZP25", "%")
        };
        let (command, properties) = head.split_once(' ').unwrap_or((head, ""));
        let properties: BTreeMap<&str, String> = properties
            .split(';')
            .filter_map(|property| property.split_once('='))
            .map(|(name, value)| (name, undo(value)))
            .collect();
        let text = undo(text);
        match command {
            "task.logissue" => {
                outcome
                    .shown
                    .push((properties["type"].clone(), properties["code"].clone(), text));
            }
            "task.setvariable" => {
                assert_eq!(properties["isOutput"], "true", "{line}");
                self.known
                    .insert(format!("{step}.{}", properties["variable"]), text);
            }
            "task.uploadsummary" => {
                assert!(text.starts_with('/'), "{line}");
                outcome.summary.push_str(&fs::read_to_string(text).unwrap());
            }
            _ => panic!("a command that is not ours: {line}"),
        }
    }
}

/// Reads `::name …::` at the start of a line, after blanks, or `##[name]` anywhere in it. A command
/// that is not cmkctl's fails the test.
fn github(line: &str) -> Option<(String, String, String)> {
    assert!(!line.contains("##["), "a command that is not ours: {line}");
    let command = line.trim_start().strip_prefix("::")?;
    let (head, text) = command.split_once("::")?;
    let undo = |text: &str| {
        let text = text
            .replace("%0A", "\n")
            .replace("%0D", "\r")
            .replace("%3A", ":")
            .replace("%2C", ",");
        text.replace("%25", "%")
    };
    let (kind, title) = head
        .split_once(" title=")
        .unwrap_or_else(|| panic!("a command that is not ours: {line}"));
    assert!(
        ["error", "warning", "notice"].contains(&kind) && !title.contains([',', ':']),
        "{line}"
    );
    Some((kind.to_owned(), undo(title), undo(text)))
}
