//! cmkctl enables and operates customer-managed keys for Dynamics 365 finance and operations and
//! Power Platform environments.
//!
//! The rooms, from the top down; each may use those below it and never one above or beside it:
//!
//! | room | holds |
//! |---|---|
//! | [`cli`] | arguments and help; one file a subcommand |
//! | [`run`] | the one road of every command, from resolve to report |
//! | [`observe`], [`apply`] | the only reads, and the only changes |
//! | [`config`], [`steps`], [`sandbox`] | settings; the pure rules; the embedded cloud |
//! | [`cloud`] | the wire |
//! | [`audit`] | the file in which changes are written down |
//! | [`report`] | words; the only room that writes to the terminal |
//! | [`interrupt`] | signals, and memory that stays in memory |
//! | [`error`] | what went wrong, and why |
//! | [`model`] | data |
//!
//! `steps` and `report` never see `cloud`. `sandbox` sees nothing of ours at all, so that a mistake
//! of the client can't agree with itself.

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
pub mod sandbox;
pub mod steps;
