//! The terminal in raw mode, for the picker: each key arrives at once, there is no echo, and the
//! cursor is hidden. The earlier mode is restored however the program continues or ends.

use super::written::unheard;
use std::io::Write;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

const HIDE: &str = "\u{1b}[?25l";
const SHOW: &str = "\u{1b}[?25h";

/// The terminal's mode before.
#[cfg(unix)]
static BEFORE: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

/// The terminal is in raw mode as long as this value exists.
#[derive(Debug)]
pub(super) struct Raw(());

impl Raw {
    /// Switches to raw mode. Ctrl-C is then a key, too.
    pub(super) fn take() -> Self {
        #[cfg(unix)]
        {
            use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
            let stdin = std::io::stdin();
            if let Ok(before) = tcgetattr(&stdin) {
                let mut keys = before.clone();
                keys.make_raw();
                // Keep the output mode, so that other writers' lines still start at the left.
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

/// Restores the terminal's mode, if it was changed.
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
