//! The terminal in the picker's hands: each key comes at once, nothing is echoed, the cursor is
//! hidden. However the program goes on or ends, it is given back as it was.

use super::written::unheard;
use std::io::Write;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

const HIDE: &str = "\u{1b}[?25l";
const SHOW: &str = "\u{1b}[?25h";

/// How the terminal was.
#[cfg(unix)]
static BEFORE: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

/// The terminal is the picker's as long as this lives.
#[derive(Debug)]
pub(super) struct Raw(());

impl Raw {
    /// Takes the terminal. Keys are keys from here on, Ctrl-C, too.
    pub(super) fn take() -> Self {
        #[cfg(unix)]
        {
            use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
            let stdin = std::io::stdin();
            if let Ok(before) = tcgetattr(&stdin) {
                let mut keys = before.clone();
                keys.make_raw();
                // Lines that others write meanwhile begin at the left.
                keys.output_modes = before.output_modes;
                *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
                tcsetattr(&stdin, OptionalActions::Drain, &keys).ok();
            }
        }
        unheard(write!(std::io::stderr(), "{HIDE}"));
        Self(())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was, if it was taken.
pub(super) fn give_back() {
    #[cfg(unix)]
    {
        use rustix::termios::{OptionalActions, tcsetattr};
        let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(before) = before {
            tcsetattr(std::io::stdin(), OptionalActions::Now, &before).ok();
            unheard(write!(std::io::stderr(), "{SHOW}"));
        }
    }
    #[cfg(not(unix))]
    unheard(write!(std::io::stderr(), "{SHOW}"));
}
