//! A served sandbox for many runs. Each run starts again with its own trouble, and its end state
//! can be compared.

use crate::children::{ended_within, piped};
use crate::routes;
use crate::specified;
use crate::tenants::{plain, policy_ready, short_waits, two_keys};
use crate::tool::{Ran, Served, http, overlaid};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A longer run hangs.
const LONGEST: Duration = Duration::from_secs(20);

/// Number of cases that run at the same time.
const AT_A_TIME: usize = 2;

/// A command, and the tenant for it.
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) scenario: Value,
}

/// The commands that take an environment through its steps. Each runs on a tenant in which its part
/// is still to do.
pub(crate) fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: "add-environment",
            arguments: &["add-environment", "--yes", "--confirm", "Contoso UAT"],
            scenario: policy_ready(json!({ "settings": short_waits() })),
        },
        Job {
            name: "create-policy",
            arguments: &["create-policy", "--yes"],
            scenario: plain(json!({ "settings": short_waits() })),
        },
        Job {
            name: "create-key",
            arguments: &[
                "create-key",
                "--azure-location",
                "westeurope",
                "--rotate-every",
                "1y",
                "--notify-before",
                "30d",
                "--yes",
                "--confirm",
                "kv-contoso-cmk",
            ],
            scenario: built_in(include_str!("../../src/sandbox/scenarios/empty.json")),
        },
        Job {
            name: "access policies",
            arguments: &["create-policy", "--yes"],
            scenario: built_in(include_str!(
                "../../src/sandbox/scenarios/access-policy-vault.json"
            )),
        },
        Job {
            name: "managed HSM",
            arguments: &["create-policy", "--yes"],
            scenario: built_in(include_str!("../../src/sandbox/scenarios/managed-hsm.json")),
        },
        Job {
            name: "enable",
            arguments: &[
                "enable",
                "--make-managed",
                "--yes",
                "--confirm",
                "Contoso UAT",
            ],
            scenario: plain(json!({
                "settings": short_waits(), "provider": "NotRegistered",
                "environments": { "uat": { "managed": false } },
            })),
        },
        Job {
            name: "rotation-policy",
            arguments: &["rotation-policy", "set", "--rotate-every", "1y", "--yes"],
            scenario: plain(json!({ "settings": short_waits() })),
        },
        Job {
            name: "swap-policy",
            arguments: &["swap-policy", "--yes", "--confirm", "Contoso UAT"],
            scenario: two_keys(),
        },
    ]
}

/// A built-in scenario with short waits.
pub(crate) fn built_in(text: &str) -> Value {
    overlaid(
        serde_json::from_str(text).unwrap(),
        json!({ "settings": short_waits() }),
    )
}

/// The job with this name.
pub(crate) fn job(name: &str) -> Job {
    jobs().into_iter().find(|job| job.name == name).unwrap()
}

/// The state of the services after a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    /// The effects, sorted, so that runs in another order compare equal.
    pub(crate) effects: Vec<String>,
    /// The content of the tenant.
    pub(crate) world: Value,
}

/// Runs every case, a few at a time, each in its own sandbox. A run mostly waits, so a few keep a
/// core busy.
pub(crate) fn spread<Case: Sync, Outcome: Send>(
    cases: &[Case],
    run: impl Fn(&Arena, &Case) -> Outcome + Sync,
) -> Vec<Outcome> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                let arena = Arena::open();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(&arena, case);
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

/// Runs the binary. A run that hangs is killed and gets the code -9.
pub(crate) fn ended(command: Command) -> Ran {
    let output = ended_within(LONGEST, piped(command)).unwrap_or_else(|hung| hung);
    Ran {
        code: output.status.code().unwrap_or(-9),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The sandbox of one thread.
pub(crate) struct Arena {
    pub(crate) served: Served,
}

impl Arena {
    pub(crate) fn open() -> Self {
        Self {
            served: Served::start("ready", "1"),
        }
    }

    pub(crate) fn begin(&self, scenario: &Value, faults: &Value, speed: f64) {
        self.begin_as(&json!({ "scenario": scenario, "faults": faults, "speed": speed }));
    }

    /// Starts again without trouble, and keeps queries and bodies.
    pub(crate) fn begin_with_answers(&self, scenario: &Value, speed: f64) {
        self.begin_as(
            &json!({ "scenario": scenario, "faults": [], "speed": speed, "answers": true }),
        );
    }

    fn begin_as(&self, body: &Value) {
        self.await_door();
        let answer = http(
            &self.served.url,
            "POST",
            "/_sandbox/begin",
            &[],
            &body.to_string(),
        );
        assert_eq!(answer.status, 200, "{}", answer.body);
        std::fs::write(self.served.cloud_file(), answer.body).unwrap();
    }

    /// Waits until the sandbox accepts connections, for the trouble `closed`.
    fn await_door(&self) {
        let address = self.served.url.strip_prefix("http://").unwrap();
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "the sandbox does not come back"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// File arguments are relative to the folder of the cloud file.
    pub(crate) fn command(&self, user: &str, arguments: &[&str]) -> Command {
        let mut command = self.served.command(user, arguments);
        command
            .current_dir(self.served.folder())
            .env("CMKCTL_HTTP_TIMEOUT", "0.25");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ended(self.command("admin", arguments))
    }

    pub(crate) fn faults(&self, rules: &Value) {
        self.await_door();
        self.served.faults(rules);
    }

    pub(crate) fn ledger(&self) -> Value {
        self.await_door();
        self.served.ledger()
    }

    /// The exchanged messages, if they are kept. They are checked against the specifications too.
    pub(crate) fn exchanges(&self) -> Value {
        self.await_door();
        let exchanges = self.served.exchanges();
        specified::judged(&exchanges);
        exchanges
    }

    /// The number of requests that trouble hit.
    pub(crate) fn hits(&self) -> u64 {
        self.ledger()["hits"].as_u64().unwrap()
    }

    pub(crate) fn end(&self) -> End {
        let ledger = self.ledger();
        routes::known(&ledger);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let effects = ledger["effects"].as_array().unwrap().iter();
        let mut effects: Vec<String> = effects
            .map(|effect| format!("{} {}", text(&effect["what"]), text(&effect["subject"])))
            .collect();
        effects.sort();
        End {
            effects,
            world: self.served.world(),
        }
    }

    /// Waits until a request of the child hangs in its scripted stall. Returns `false` if the child
    /// ends before.
    pub(crate) fn stalled(&self, child: &mut Child) -> bool {
        let began = Instant::now();
        while began.elapsed() < LONGEST {
            if http(&self.served.url, "GET", "/_sandbox/stall", &[], "").json()["stalled"] == true {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
        }
        panic!("the client neither hangs nor ends");
    }
}
