//! A terminal for tests, connected directly to the binary.

use crate::tool::Ran;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
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
    let (mut ours, theirs) = opened();
    command
        .env("COLUMNS", columns.to_string())
        .stdout(theirs)
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    let (mut shown, mut some) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = ours.read(&mut some) {
        shown.extend_from_slice(&some[..count]);
    }
    child.wait().unwrap();
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

/// The binary at a terminal: stdin and stderr are the terminal, stdout is a pipe.
pub(crate) struct Typing {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
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
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut screen, into) = (keyboard.try_clone().unwrap(), shown.clone());
        let reading = std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut some) {
                into.lock().unwrap().extend_from_slice(&some[..count]);
            }
        });
        Self {
            child,
            keyboard,
            shown,
            reading,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
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
        self.child.wait().unwrap();
        let began = Instant::now();
        // The last output may not be read yet.
        while !self.is_as_usual() {
            let screen = self.screen();
            assert!(began.elapsed() < Duration::from_secs(10), "{screen:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The results; stderr is everything that the screen has shown.
    pub(crate) fn ends(mut self) -> Ran {
        let mut pipe = self.child.stdout.take().unwrap();
        let stdout = std::thread::spawn(move || {
            let mut stdout = String::new();
            pipe.read_to_string(&mut stdout).map(|_| stdout)
        });
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            // One that ignores a signal, as behind `nohup`, must not hang the tests.
            if began.elapsed() > Duration::from_secs(120) {
                self.child.kill().unwrap();
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let stdout = stdout.join().unwrap().unwrap();
        self.reading.join().unwrap();
        let stderr = String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned();
        Ran {
            code,
            stdout,
            stderr,
        }
    }
}
