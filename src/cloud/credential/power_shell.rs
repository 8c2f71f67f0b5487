//! Gets tokens of Azure PowerShell with `Get-AzAccessToken`. One process gets the tokens of several
//! services, because each start takes seconds.

use super::refusal::{Heard, refused};
use super::source::{Method, Secret, SignIn};
use super::token::Token;
use crate::cloud::json;
use crate::error::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The program names: PowerShell 7 everywhere, and on Windows also the built-in one.
pub(super) const PROGRAMS: &[&str] = if cfg!(windows) {
    &["pwsh", "powershell"]
} else {
    &["pwsh"]
};

/// Time limit for the start, the modules and the tokens.
const LIMIT: Duration = Duration::from_secs(60);

/// A token that expires within this time is renewed together with another one.
const BESIDE: SignedDuration = SignedDuration::from_mins(10);

/// Gets the tokens and prints one line of JSON. `$asked` holds the request as data, so that
/// configured text never becomes part of the script. Az.Accounts 5 returns a `SecureString`, older
/// versions a string.
const SCRIPT: &str = r#"
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$asked = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('ASKED')) | ConvertFrom-Json
$said = @{ cmkctl = 1; answers = @() }
try {
  Import-Module Az.Accounts -MinimumVersion 2.2.0
  foreach ($resource in $asked.resources) {
    try {
      $words = @{ ResourceUrl = $resource }
      if ($asked.tenant) { $words.TenantId = $asked.tenant }
      $token = Get-AzAccessToken @words
      $text = $token.Token
      if ($text -is [System.Security.SecureString]) {
        $text = [System.Net.NetworkCredential]::new('', $text).Password
      }
      $until = ([DateTimeOffset]$token.ExpiresOn).ToUnixTimeSeconds()
      $said.answers += @{ resource = $resource; token = $text; expires = $until }
    } catch {
      $said.answers += @{ resource = $resource; error = "$($_.Exception.Message)" }
    }
  }
} catch {
  $said.error = "$($_.Exception.Message)"
  $said.id = "$($_.FullyQualifiedErrorId)"
}
[Console]::Out.WriteLine((ConvertTo-Json -Compress -Depth 5 $said))
"#;

/// The results of earlier processes that no caller has taken. A result is taken once, because a
/// caller that comes again wants a new token.
#[derive(Default)]
pub(super) struct PowerShell {
    results: tokio::sync::Mutex<Results>,
}

#[derive(Default)]
struct Results {
    untaken: HashMap<String, Result<Token>>,
    /// Expiry time of the last token of each scope. A failed scope has [`Timestamp::MAX`], so it is
    /// not requested together with another one again.
    until: HashMap<String, Timestamp>,
}

impl Results {
    /// Should this scope be requested together with another one?
    fn wants(&self, scope: &str, now: Timestamp) -> bool {
        let until = self.until.get(scope);
        until.is_none_or(|until| until.duration_since(now) < BESIDE)
    }
}

impl PowerShell {
    /// Takes the stored result for this scope.
    pub(super) async fn untaken(&self, scope: &str) -> Option<Result<Token>> {
        self.results.lock().await.untaken.remove(scope)
    }

    /// The tokens that no caller has taken.
    pub(super) async fn given(&self) -> Vec<(String, Token)> {
        let results = self.results.lock().await;
        let given = results.untaken.iter();
        given
            .filter_map(|(scope, outcome)| Some((scope.clone(), outcome.clone().ok()?)))
            .collect()
    }

    /// A token for `scope`. One caller starts a process, which also gets tokens for `others`. Other
    /// callers wait for it.
    pub(super) async fn token(
        &self,
        sign_in: &SignIn,
        scope: &str,
        others: &[String],
    ) -> Result<Token> {
        let mut results = self.results.lock().await;
        // The process of another caller may have returned this token meanwhile.
        if let Some(outcome) = results.untaken.remove(scope) {
            return outcome;
        }
        let now = Timestamp::now();
        let mut scopes = vec![scope];
        let more = others.iter().map(String::as_str);
        scopes.extend(more.filter(|&other| other != scope && results.wants(other, now)));
        let program = program(sign_in.path.as_deref(), PROGRAMS);
        let program = program.unwrap_or_else(|| PathBuf::from("pwsh"));
        let answered = asked(&program, sign_in.tenant.as_deref(), &scopes, LIMIT).await;
        let failed = |cause: &str, scope: &str| {
            let heard = Heard {
                scope,
                tenant: sign_in.tenant.as_deref(),
                ..Heard::default()
            };
            Err(refused(Method::AzurePowerShell, cause, &heard))
        };
        let document = match answered {
            Ok(document) => document,
            Err(cause) => return failed(&cause, scope),
        };
        for &scope in &scopes {
            let outcome = match token_of(&document, scope) {
                Ok(token) => Ok(token),
                Err(cause) => failed(&cause, scope),
            };
            let until = outcome.as_ref().map(|token| token.expires);
            let until = until.unwrap_or(Timestamp::MAX);
            results.until.insert(scope.to_owned(), until);
            results.untaken.insert(scope.to_owned(), outcome);
        }
        let outcome = results.untaken.remove(scope);
        outcome.unwrap_or_else(|| failed("the answer contains no token", scope))
    }
}

/// The path of a program in `PATH`.
pub(super) fn program(path: Option<&OsStr>, names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(path?).collect();
    let endings = ["", ".exe", ".cmd", ".bat"];
    let files = names.iter().flat_map(|name| {
        folders
            .iter()
            .flat_map(move |folder| endings.map(|ending| folder.join(format!("{name}{ending}"))))
    });
    files.into_iter().find(|file| file.is_file())
}

fn resource(scope: &str) -> &str {
    scope.strip_suffix("/.default").unwrap_or(scope)
}

/// The script's line of JSON, without the output of profiles and modules.
async fn asked(
    program: &Path,
    tenant: Option<&str>,
    scopes: &[&str],
    limit: Duration,
) -> std::result::Result<Value, String> {
    let resources: Vec<&str> = scopes.iter().map(|scope| resource(scope)).collect();
    let wanted = json!({ "resources": resources, "tenant": tenant }).to_string();
    let script = SCRIPT.replace("ASKED", &STANDARD.encode(wanted));
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let run = Command::new(program)
        .args([
            "-NoLogo",
            "-NoProfile",
            "-NonInteractive",
            "-EncodedCommand",
        ])
        .arg(STANDARD.encode(bytes))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Ok(output) = tokio::time::timeout(limit, run).await else {
        let seconds = limit.as_secs();
        return Err(format!("Azure PowerShell timed out after {seconds} s"));
    };
    let output = output.map_err(|error| format!("PowerShell can't be started: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let ours = |line: &str| {
        let rest = line.get(line.find('{')?..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next()?.ok()?;
        (value["cmkctl"] == 1).then_some(value)
    };
    text.lines().find_map(ours).ok_or_else(|| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let line = stderr.lines().map(str::trim).find(|line| !line.is_empty());
        let line = line.unwrap_or("it printed no message");
        format!("Azure PowerShell ended without an answer: {line}")
    })
}

/// The token in the answer, or the reason why there is none.
fn token_of(document: &Value, scope: &str) -> std::result::Result<Token, String> {
    if let Some(cause) = json::text(document, "error") {
        let id = json::text(document, "id").unwrap_or_default();
        // `Modules_ModuleNotFound`, `Modules_ModuleWithVersionNotFound`
        if id.starts_with("Modules_Module") {
            return Err("the module Az.Accounts is not installed".to_owned());
        }
        return Err(cause);
    }
    let answers = document["answers"].as_array().into_iter().flatten();
    // PowerShell writes a list with one member as an object.
    let mut answers = answers.chain(
        document["answers"]
            .is_object()
            .then_some(&document["answers"]),
    );
    let answer = answers.find(|answer| answer["resource"] == resource(scope));
    let answer = answer.ok_or_else(|| "the answer contains no token".to_owned())?;
    if let Some(cause) = json::text(answer, "error") {
        return Err(cause);
    }
    let secret = answer["token"].as_str().filter(|token| !token.is_empty());
    let secret = secret.ok_or_else(|| "the answer contains no token".to_owned())?;
    let expires = answer["expires"].as_i64();
    Ok(Token {
        secret: Secret::new(secret.to_owned()),
        expires: expires
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_process_that_says_nothing_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pwsh");
        std::fs::write(&file, "#!/bin/sh\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let limit = Duration::from_millis(100);
        let scopes = ["https://x.example/.default"];
        let began = std::time::Instant::now();
        let outcome = runtime.block_on(asked(&file, None, &scopes, limit));
        assert!(outcome.unwrap_err().contains("timed out"));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn one_answer_is_a_list_or_an_object() {
        let answer = json!({ "resource": "https://x.example", "token": "t", "expires": 1 });
        for answers in [json!([answer.clone()]), answer] {
            let document = json!({ "cmkctl": 1, "answers": answers });
            let token = token_of(&document, "https://x.example/.default").unwrap();
            assert_eq!(token.expires.as_second(), 1);
            assert!(token_of(&document, "https://y.example/.default").is_err());
        }
    }
}
