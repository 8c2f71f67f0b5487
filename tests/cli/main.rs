//! The whole, from outside: the real binary against the sandbox, and what the source tree promises about itself.

#![expect(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod house;
mod recorded;
