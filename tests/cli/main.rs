//! Tests of the whole program: the real binary against the sandbox, the sandbox's protocol, and
//! rules of the source tree.

#![expect(clippy::unwrap_used, reason = "a test that can't go on must stop")]
#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story, and a table is as long as its cases"
)]
#![expect(
    clippy::let_underscore_must_use,
    reason = "what a test cleans up may be gone already"
)]

mod accepted;
mod alerts;
mod alike;
mod arena;
mod at_home;
mod audit;
mod bad_input;
mod between;
mod causes;
#[cfg(target_os = "linux")]
mod certificates;
mod change_id;
mod check;
mod check_for;
mod children;
mod clocks;
mod codes;
mod configuration;
mod consent;
mod crash_matrix;
mod create_key;
mod doctor;
mod documents;
mod door;
mod ends;
mod estate;
mod evidence;
#[cfg(unix)]
mod executed;
mod exit_codes;
mod export;
mod fault_matrix;
mod fields;
mod first_run;
mod four_days;
mod fuzz;
mod gathered_again;
mod guarded;
#[cfg(target_os = "linux")]
mod guided;
#[cfg(unix)]
mod hand_over;
mod help;
mod hints;
mod history;
mod hook;
mod house;
mod ignorance;
mod imports;
#[cfg(target_os = "linux")]
mod in_earnest;
#[cfg(target_os = "linux")]
mod internet;
#[cfg(unix)]
mod interrupted;
#[cfg(target_os = "linux")]
mod key_logs;
mod leaving;
#[cfg(target_os = "linux")]
mod led;
mod list;
#[cfg(target_os = "linux")]
mod logging_in;
mod monotone;
#[cfg(target_os = "linux")]
mod month;
mod names;
mod notify;
mod output;
mod outputs;
#[cfg(unix)]
mod pipelines;
mod poorer;
mod poverty;
#[cfg(target_os = "linux")]
mod power_shell;
mod procedure;
#[cfg(target_os = "linux")]
mod proxies;
mod readme;
mod recorded;
#[cfg(target_os = "linux")]
mod remembered;
mod report;
mod request_ids;
mod retire;
mod rights;
mod rotate;
mod rotation_policy;
mod routes;
mod rules;
#[cfg(unix)]
mod runner;
mod sandbox_azure;
mod sandbox_governed;
mod sandbox_graph;
mod sandbox_keys;
mod sandbox_lists;
mod sandbox_places;
mod sandbox_power_platform;
mod sandbox_roles;
mod sandbox_sign_ins;
mod sandbox_tls;
mod sandbox_trouble;
mod sandbox_vaults;
mod sandbox_versions;
mod sandbox_wire;
mod sarif;
mod scenarios;
mod schemas;
mod seen;
mod sending;
mod shell;
mod sign_in;
mod specified;
#[cfg(target_os = "linux")]
mod stopping;
mod tenants;
#[cfg(target_os = "linux")]
mod terminal;
mod tool;
mod topics;
mod unlock;
mod voice;
mod wanted;
#[cfg(target_os = "linux")]
mod watch;
mod where_tokens_go;
#[cfg(target_os = "linux")]
mod widths;
mod written;
