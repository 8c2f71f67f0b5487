//! A terminal for tests, connected directly to the binary.

use crate::children::{Gathered, LIMIT, ended_within};
use crate::tool::{Ran, until};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Both ends of a terminal: the test's and the program's.
fn opened() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name)
        .unwrap();
    (File::from(ours), theirs)
}

/// The output on a stdout that is a terminal of this width.
pub(crate) fn shown_at(mut command: Command, columns: u16) -> String {
    let (ours, theirs) = opened();
    command
        .env("COLUMNS", columns.to_string())
        .stdout(theirs)
        .stderr(Stdio::null());
    let child = command.spawn().unwrap();
    drop(command);
    let shown = Gathered::from(ours);
    ended_at_its_terminal(child, &shown);
    String::from_utf8(shown.so_far())
        .unwrap()
        .replace("\r\n", "\n")
}

fn screen(shown: &Gathered) -> String {
    String::from_utf8_lossy(&shown.so_far()).into_owned()
}

/// Waits for the end of a program, which must come, and of what it shows.
#[track_caller]
fn ended_at_its_terminal(child: Child, shown: &Gathered) -> Output {
    let output = ended_within(LIMIT, child)
        .unwrap_or_else(|_| panic!("it hangs. The screen:\n{}", screen(shown)));
    until("the end of the terminal", || shown.is_whole());
    output
}

/// The binary at a terminal: stdin and stderr are the terminal, stdout is a pipe.
pub(crate) struct Typing {
    child: Child,
    keyboard: File,
    shown: Gathered,
}

impl Typing {
    pub(crate) fn at(mut command: Command) -> Self {
        command.env("NO_COLOR", "1");
        Self::lively(command)
    }

    /// With colour and moving progress, unless the command's environment turns them off.
    pub(crate) fn lively(mut command: Command) -> Self {
        let (ours, theirs) = opened();
        command
            .stdin(theirs.try_clone().unwrap())
            .stderr(theirs)
            .stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        // The command holds the other end of the terminal. After the drop, the end of the program
        // ends the reading.
        drop(command);
        let keyboard = ours;
        let shown = Gathered::from(keyboard.try_clone().unwrap());
        Self {
            child,
            keyboard,
            shown,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn screen(&self) -> String {
        screen(&self.shown)
    }

    /// Waits until the screen shows these words.
    #[track_caller]
    pub(crate) fn sees(&self, words: &str) {
        self.waits(|screen| screen.contains(words), words);
    }

    /// Waits until the screen ends with these words.
    #[track_caller]
    pub(crate) fn sees_at_the_end(&self, words: &str) {
        self.waits(|screen| screen.ends_with(words), words);
    }

    #[track_caller]
    fn waits(&self, until: impl Fn(&str) -> bool, what: &str) {
        let began = Instant::now();
        while !until(&self.screen()) {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "`{what}` is not there: {}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Answers the question at the end of the screen. What is typed before it is there is dropped.
    #[track_caller]
    pub(crate) fn types(&mut self, line: &str) {
        self.waits(
            |screen| screen.ends_with(": ") || screen.ends_with("? "),
            "a question",
        );
        self.presses(&format!("{line}\n"));
    }

    /// Sends these keys unchanged.
    pub(crate) fn presses(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Does the terminal echo lines, and is its cursor visible?
    pub(crate) fn is_as_usual(&self) -> bool {
        use rustix::termios::{LocalModes, tcgetattr};
        let modes = tcgetattr(&self.keyboard).unwrap().local_modes;
        let screen = self.screen();
        let (hidden, shown) = (screen.rfind("\u{1b}[?25l"), screen.rfind("\u{1b}[?25h"));
        modes.contains(LocalModes::ICANON | LocalModes::ECHO) && hidden <= shown
    }

    /// Waits for the end of the program, and checks that the terminal is restored.
    #[track_caller]
    pub(crate) fn leaves_it_as_it_was(&mut self) {
        until("the end of the program", || {
            self.child.try_wait().unwrap().is_some()
        });
        let began = Instant::now();
        // The last output may not be read yet.
        while !self.is_as_usual() {
            let screen = self.screen();
            assert!(began.elapsed() < Duration::from_secs(10), "{screen:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The results; stderr is everything that the screen has shown.
    #[track_caller]
    pub(crate) fn ends(self) -> Ran {
        let output = ended_at_its_terminal(self.child, &self.shown);
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: screen(&self.shown),
        }
    }
}
