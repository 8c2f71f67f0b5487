//! What differs from system to system in what people read: pure, so that a test on one system sees
//! the words of all.

use crate::model::shell::Shell;

/// A kind of system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux, macOS and the like.
    Unix,
    /// Windows.
    Windows,
}

impl System {
    /// The system that this binary was built for.
    pub const HERE: System = if cfg!(windows) {
        System::Windows
    } else {
        System::Unix
    };

    /// The shell that commands for pasting are written for.
    pub const fn shell(self) -> Shell {
        match self {
            System::Unix => Shell::Sh,
            System::Windows => Shell::PowerShell,
        }
    }

    /// The configuration file, as people write its place.
    pub const fn configuration_file(self) -> &'static str {
        match self {
            System::Unix => "~/.config/cmkctl/config.toml",
            System::Windows => r"%APPDATA%\cmkctl\config.toml",
        }
    }
}

/// A word of a command line for the shell of this system, whatever a service wrote into it:
/// remedies are pasted.
pub fn quoted(word: &str) -> String {
    System::HERE.shell().word(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_words_of_its_own() {
        assert_eq!(System::Unix.shell(), Shell::Sh);
        assert_eq!(System::Windows.shell(), Shell::PowerShell);
        assert!(System::Windows.configuration_file().contains("%APPDATA%"));
        assert!(System::Unix.configuration_file().starts_with("~/"));
    }
}
