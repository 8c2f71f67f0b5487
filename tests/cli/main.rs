//! The whole, from outside: the real binary against the sandbox, the sandbox against the wire, and what the source tree promises about itself.

#![expect(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod arena;
mod bad_input;
mod check;
mod crash_matrix;
mod ends;
mod exit_codes;
mod fault_matrix;
mod four_days;
mod help;
mod house;
#[cfg(target_os = "linux")]
mod in_earnest;
#[cfg(target_os = "linux")]
mod internet;
mod procedure;
mod readme;
mod recorded;
mod rules;
mod sandbox_azure;
mod sandbox_trouble;
mod sandbox_wire;
mod sign_in;
mod tool;
