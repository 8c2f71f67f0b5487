//! Scripts for the other administrator. The two administrators are usually separate people. A
//! script contains everything that this side knows.

mod files;
mod scripts;
mod shell;

pub use files::hand_over;
pub use scripts::{HandOver, Joining, Part};
