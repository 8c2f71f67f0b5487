#!/usr/bin/env node
// Starts the binary of the package for this system, and ends as it ends.
"use strict";
const { spawn } = require("node:child_process");

const name = `@cmkctl/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "cmkctl.exe" : "cmkctl";
let binary;
try {
  binary = require.resolve(`${name}/bin/${file}`);
} catch {
  console.error(`error: The package ${name} is not installed.`);
  console.error("  fix:    Install cmkctl again without `--omit=optional`. There may be no package for this system.");
  process.exit(1);
}

const child = spawn(binary, process.argv.slice(2), { stdio: "inherit" });
// A terminal sends it to both, and a second one would end cmkctl without its last words.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`error: ${binary} can't be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exit(code);
  }
});
