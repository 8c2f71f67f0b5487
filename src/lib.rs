//! cmkctl enables and operates customer-managed keys for Dynamics 365 finance and operations and
//! Power Platform environments.
//!
//! The rooms, from top to bottom. A room uses the rooms below it, never one above or beside it:
//!
//! | room | holds |
//! |---|---|
//! | [`cli`] | arguments and help; one file a subcommand |
//! | [`run`] | the stages of every command, from resolve to report |
//! | [`observe`], [`apply`] | the only reads, and the only changes |
//! | [`config`], [`steps`], [`sandbox`] | settings; the pure rules; the embedded cloud |
//! | [`cloud`] | the wire |
//! | [`audit`] | the audit log of changes |
//! | [`report`] | words; the only room that writes to the terminal |
//! | [`interrupt`] | signals, and no core dumps |
//! | [`error`] | what went wrong, and why |
//! | [`model`] | data |
//!
//! `steps` and `report` never use `cloud`. `sandbox` is a crate of its own, so that it can't repeat
//! a mistake of the client.

pub mod apply;
pub mod audit;
pub mod cli;
pub mod cloud;
pub mod config;
pub mod error;
pub mod interrupt;
pub mod model;
pub mod observe;
pub mod report;
pub mod run;
pub mod steps;

pub use cmkctl_sandbox as sandbox;
