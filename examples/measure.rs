//! Measures what `.github/CONTRIBUTING.md` promises: start-up, size, and `status` against its bound
//! of three round trips.
//!
//! `cargo build --profile dist && cargo run --profile dist --example measure` prints each figure
//! beside what it is measured against, from one run on this machine. It asserts nothing: timing is
//! not a test.

#![expect(clippy::print_stdout, reason = "it is a program that prints figures")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const LATENCY_MS: u64 = 80;
const ROUND_TRIPS: u64 = 3;

fn main() -> Result<()> {
    // The examples lie in a folder of their own below the binary's.
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).ok_or("no folder")?;
    let binary = folder.join(format!("cmkctl{}", std::env::consts::EXE_SUFFIX));
    if std::env::args().nth(1).as_deref() == Some("nothing") {
        return Ok(());
    }
    let size = std::fs::metadata(&binary)
        .map_err(|_| "build it first: cargo build --profile dist")?
        .len();
    println!("binary           {:6.2} MB  (at most 10)", as_mb(size));

    let version = median(200, || run(Command::new(&binary).arg("--version")))?;
    let nothing = median(200, || run(Command::new(&here).arg("nothing")))?;
    let ratio = version.as_secs_f64() / nothing.as_secs_f64();
    println!(
        "--version        {:6.2} ms  an empty process {:.2} ms, ratio {ratio:.2} (at most 3)",
        ms(version),
        ms(nothing)
    );

    let file = std::env::temp_dir().join(format!("cmkctl-measure-{}.json", std::process::id()));
    with_sandbox(&binary, &file, "ready", status)?;
    for (scenario, pages) in [(tenant(1000)?, 5), (tenant(10_000)?, 41)] {
        with_sandbox(&binary, &file, &scenario, |binary, file| {
            whole_tenant(binary, file, pages)
        })?;
        std::fs::remove_file(scenario)?;
    }
    Ok(())
}

fn with_sandbox(
    binary: &Path,
    file: &Path,
    scenario: &str,
    measure: impl FnOnce(&Path, &Path) -> Result<()>,
) -> Result<()> {
    let mut sandbox = serve(binary, file, scenario)?;
    let measured = measure(binary, file);
    sandbox.kill()?;
    sandbox.wait()?;
    std::fs::remove_file(file).ok(); // It goes with the sandbox, should that be quicker.
    measured
}

/// A scenario file of a tenant of some size.
fn tenant(environments: u32) -> Result<String> {
    let file = std::env::temp_dir().join(format!(
        "cmkctl-measure-{}-{environments}.json",
        std::process::id()
    ));
    let text = format!(
        r#"{{"summary":"A tenant of some size.","settings":{{"page_size":250}},"generate":{{"seed":42,"environments":{environments},"policies":40,"vaults":12}}}}"#
    );
    std::fs::write(&file, text)?;
    Ok(file.display().to_string())
}

/// `status --all`: the pages one after the other, then policy, vault and key, and what only the
/// data plane of a managed HSM knows.
fn whole_tenant(binary: &Path, file: &Path, pages: u64) -> Result<()> {
    let client = || {
        let mut command = Command::new(binary);
        command
            .args(["--quiet", "--cloud"])
            .arg(file)
            .args(["status", "--all", "-o", "json"]);
        command
    };
    let took = median(5, || run(&mut client()))?;
    let bound = Duration::from_millis((pages + 4) * LATENCY_MS);
    let ratio = took.as_secs_f64() / bound.as_secs_f64();
    println!(
        "status --all     {:6.0} ms  {pages} pages and 4 round trips of {LATENCY_MS} ms are {} \
        ms, ratio {ratio:.2} (at most 1.2)",
        ms(took),
        bound.as_millis()
    );
    if let Some(kilobytes) = peak(&mut client())? {
        println!(
            "  resident       {:6.2} MB  (at most 60)",
            as_mb(kilobytes * 1024)
        );
    }
    Ok(())
}

/// `status` of an encrypted environment whose ids are known, with and without latency-free sign-in
/// in it.
fn status(binary: &Path, file: &Path) -> Result<()> {
    let client = || {
        let mut command = Command::new(binary);
        command.args(["--quiet", "--cloud"]).arg(file);
        command
    };
    run(client().args(["enable", "--yes", "--confirm", "Contoso UAT"]))?;
    let took = median(11, || run(client().arg("status")))?;
    let bound = Duration::from_millis(ROUND_TRIPS * LATENCY_MS);
    let ratio = took.as_secs_f64() / bound.as_secs_f64();
    println!(
        "status           {:6.1} ms  {ROUND_TRIPS} round trips of {LATENCY_MS} ms are {} ms, \
        ratio {ratio:.2} (at most 1.3)",
        ms(took),
        bound.as_millis()
    );
    match peak(client().arg("status"))? {
        Some(kilobytes) => println!(
            "status, resident {:6.2} MB  (at most 12)",
            as_mb(kilobytes * 1024)
        ),
        None => println!("status, resident  not measured: this system has no /proc"),
    }
    Ok(())
}

fn serve(binary: &Path, file: &Path, scenario: &str) -> Result<Child> {
    let latency = format!("{LATENCY_MS}ms");
    let mut command = Command::new(binary);
    command
        .args([
            "sandbox",
            "--scenario",
            scenario,
            "--quiet",
            "--speed",
            "20000",
            "--latency",
            &latency,
            "--cloud-file",
        ])
        .arg(file);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    Ok(child)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {status}").into())
    }
}

fn median(times: usize, mut what: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut taken = Vec::new();
    for _ in 0..times {
        let began = Instant::now();
        what()?;
        taken.push(began.elapsed());
    }
    taken.sort();
    Ok(taken[taken.len() / 2])
}

/// The most memory that a process had, in kB, as the kernel's own high-water mark says while it
/// still runs.
fn peak(command: &mut Command) -> Result<Option<u64>> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let path = format!("/proc/{}/status", child.id());
    let mut most = None;
    while child.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        most = most.max(now);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(most)
}

#[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
fn as_mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
