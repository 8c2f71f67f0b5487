//! Puts the commit into `cmkctl --version` if it is known. A source archive has no commit. A debug
//! build leaves it out, because every commit would otherwise rebuild everything. A build for size
//! also leaves out the tables that unwind the stack.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    println!("cargo::rerun-if-env-changed=CMKCTL_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    // A packager of a source archive can pass the commit.
    let named = env::var("CMKCTL_COMMIT")
        .ok()
        .filter(|commit| !commit.trim().is_empty());
    let commit = named.or_else(|| release.then(of_git).flatten());
    let text = commit.map_or_else(
        || version.clone(),
        |commit| format!("{version} ({})", commit.trim()),
    );
    println!("cargo::rustc-env=CMKCTL_VERSION={text}");
    without_unwinding();
}

/// What the linker leaves out.
const UNWINDING: &str =
    "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) } } INSERT AFTER .text";

/// Leaves out the tables for unwinding in a build for size. They are an eighth of the binary. It
/// aborts at a panic, so only a backtrace would read them, and it has no symbols for one. The
/// compiler's own option, `force-unwind-tables=no`, did not change the size. This is for the target
/// on which Rust links with lld.
fn without_unwinding() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let for_size = is("PROFILE", "release") && is("OPT_LEVEL", "z");
    if !for_size || !is("TARGET", "x86_64-unknown-linux-gnu") {
        return;
    }
    let Ok(folder) = env::var("OUT_DIR") else {
        return;
    };
    // A comma would end the linker's option.
    let script = Path::new(&folder).join("without-unwinding.ld");
    if !folder.contains(',') && fs::write(&script, UNWINDING).is_ok() {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    }
}

/// The commit and its day. `None` without git, or if this folder lies inside another repository.
fn of_git() -> Option<String> {
    let here = env::var("CARGO_MANIFEST_DIR").ok()?;
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&here).canonicalize().ok()? {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", file]).filter(|path| Path::new(path).exists());
        if let Some(path) = path {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["log", "-1", "--format=%h %cs", "--abbrev=12"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty() && !text.contains('\n')).then_some(text)
}
