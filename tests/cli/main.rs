//! The whole, from outside: the real binary against the sandbox, the sandbox against the wire, and what the source tree promises about itself.

#![expect(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod bad_input;
mod codes;
mod exit_codes;
mod help;
mod house;
mod procedure;
mod readme;
mod recorded;
mod sandbox_wire;
mod sarif;
mod sign_in;
mod tool;
