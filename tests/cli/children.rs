//! Programs that a test starts. None is waited for without a limit: one that hangs is ended, and
//! the test shows what it printed.

use crate::tool::{command, until};
use std::io::{ErrorKind, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// No run of a test takes as long, on any machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);
const BETWEEN_LOOKS: Duration = Duration::from_millis(3);

/// What came out of a pipe or a terminal, read beside the test.
pub(crate) struct Gathered {
    bytes: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

impl Gathered {
    pub(crate) fn from(mut source: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = bytes.clone();
        let reading = std::thread::spawn(move || {
            let mut some = [0; 4096];
            loop {
                match source.read(&mut some) {
                    Ok(0) => break,
                    Ok(count) => into.lock().unwrap().extend_from_slice(&some[..count]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // Linux tells the end of a terminal in this way.
                    Err(_) => break,
                }
            }
        });
        Self { bytes, reading }
    }

    pub(crate) fn so_far(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.reading.is_finished()
    }
}

/// Starts the program with a pipe for each output.
pub(crate) fn piped(mut command: Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the end of the program and of its pipes. An error is one that had to be ended.
pub(crate) fn ended_within(limit: Duration, mut child: Child) -> Result<Output, Output> {
    drop(child.stdin.take());
    let stdout = child.stdout.take().map(Gathered::from);
    let stderr = child.stderr.take().map(Gathered::from);
    let is_whole = |pipe: &Option<Gathered>| pipe.as_ref().is_none_or(Gathered::is_whole);
    let began = Instant::now();
    let mut in_time = true;
    while child.try_wait().unwrap().is_none() || !is_whole(&stdout) || !is_whole(&stderr) {
        if began.elapsed() > limit {
            in_time = false;
            let _ = child.kill();
            break;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    let so_far = |pipe: Option<Gathered>| pipe.map(|pipe| pipe.so_far()).unwrap_or_default();
    let output = Output {
        status: child.wait().unwrap(),
        stdout: so_far(stdout),
        stderr: so_far(stderr),
    };
    if in_time { Ok(output) } else { Err(output) }
}

/// Waits for the end of a program, which must come.
#[track_caller]
pub(crate) fn ended(child: Child) -> Output {
    ended_within(LIMIT, child).unwrap_or_else(|hung| {
        panic!(
            "it hangs. stdout:\n{}\nstderr:\n{}",
            String::from_utf8_lossy(&hung.stdout),
            String::from_utf8_lossy(&hung.stderr)
        )
    })
}

/// The first line of a program that goes on, which must come soon.
#[track_caller]
pub(crate) fn first_line(child: &mut Child) -> String {
    let out = Gathered::from(child.stdout.take().unwrap());
    let began = Instant::now();
    loop {
        let so_far = String::from_utf8_lossy(&out.so_far()).into_owned();
        if let Some((line, _)) = so_far.split_once('\n') {
            return line.trim_end().to_owned();
        }
        if out.is_whole() || began.elapsed() > LIMIT {
            let _ = child.kill();
            panic!("no line came: {so_far:?}");
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

#[test]
fn a_program_that_hangs_is_ended_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud.json");
    let mut sandbox = command(&["sandbox", "--cloud-file"]);
    sandbox.arg(&file);
    let child = piped(sandbox);
    until("its file", || file.exists());
    let hung = ended_within(Duration::from_secs(1), child).unwrap_err();
    assert!(!hung.status.success());
    let printed = String::from_utf8(hung.stdout).unwrap();
    assert!(printed.starts_with("http://127.0.0.1:"), "{printed}");
}
