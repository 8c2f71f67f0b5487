//! Data only: the target, the snapshot, the plan and its results. Imports nothing of ours.

// Every match names each case, also those for unknown facts.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod action;
pub mod alike;
pub mod at_hand;
pub mod bad_input;
pub mod catalogue;
pub mod cause;
pub mod change_id;
pub mod checkup;
pub mod day;
pub mod encoding;
pub mod environment;
pub mod estate;
pub mod event;
pub mod finding;
pub mod fingerprint;
pub mod fit;
pub mod fleet;
pub mod history;
pub mod ids;
pub mod key_ids;
pub mod known;
pub mod making;
pub mod metric;
pub mod near;
pub mod new_key;
pub mod notice;
pub mod observed;
pub mod operation;
pub mod plan;
pub mod preconditions;
pub mod proof;
pub mod protection;
pub mod purpose;
pub mod receipt;
pub mod remedy;
pub mod rights;
pub mod roles;
pub mod rotation;
pub mod seen;
pub mod service_codes;
pub mod shell;
pub mod source;
pub mod subscription;
pub mod system;
pub mod target;
pub mod text;
pub mod wanted;
pub mod wanted_key;
pub mod who;
pub mod whole;
pub mod word;

pub use bad_input::BadInput;
pub use finding::{Finding, Severity};
pub use fingerprint::Fingerprint;
pub use ids::{ArmId, ResourceKind};
pub use key_ids::{KeyName, KeyVersion};
pub use known::{Known, Verdict};
pub use observed::Observed;
pub use plan::{Action, Consent, Plan};
pub use receipt::Receipt;
pub use seen::Seen;
pub use target::Target;
pub mod unknown;
