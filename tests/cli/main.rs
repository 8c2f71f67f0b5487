//! The whole, from outside: the real binary against the sandbox, the sandbox against the wire, and
//! what the source tree promises about itself.

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
mod alike;
mod arena;
mod audit;
mod bad_input;
mod between;
mod causes;
mod check;
mod clocks;
mod codes;
mod configuration;
mod consent;
mod crash_matrix;
mod doctor;
mod door;
mod ends;
mod estate;
mod evidence;
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
mod help;
mod house;
mod ignorance;
mod imports;
#[cfg(target_os = "linux")]
mod in_earnest;
#[cfg(target_os = "linux")]
mod internet;
mod leaving;
mod monotone;
mod month;
mod output;
#[cfg(unix)]
mod pipelines;
mod poorer;
mod poverty;
mod procedure;
#[cfg(target_os = "linux")]
mod proxies;
mod readme;
mod recorded;
mod report;
mod request_ids;
mod retire;
mod rights;
mod rotate;
mod routes;
mod rules;
#[cfg(unix)]
mod runner;
mod sandbox_azure;
mod sandbox_lists;
mod sandbox_places;
mod sandbox_power_platform;
mod sandbox_roles;
mod sandbox_tls;
mod sandbox_trouble;
mod sandbox_versions;
mod sandbox_wire;
mod sarif;
mod scenarios;
mod schemas;
mod seen;
mod sending;
mod shell;
mod sign_in;
#[cfg(target_os = "linux")]
mod stopping;
mod tenants;
#[cfg(target_os = "linux")]
mod terminal;
mod tool;
mod unlock;
mod wanted;
mod where_tokens_go;
mod written;
