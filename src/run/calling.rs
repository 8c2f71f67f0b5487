//! Repeats this call of cmkctl, so that printed commands can be pasted unchanged.

use crate::config::Flags;
use crate::model::system::{System, quoted};

/// The cloud file in texts about a served sandbox.
const SERVED: &str = "sandbox.json";

/// The default scenario.
const READY: &str = "ready";

/// The flags of this call for the cloud and the sign-in.
#[derive(Debug, Default)]
pub(super) struct Calling {
    /// Flags for the cloud, valid for every user.
    cloud: Vec<String>,
    /// Flags for the sign-in and its settings, valid only for this caller.
    sign_in: Vec<String>,
    /// The scenario of a sandbox inside this process.
    rehearsal: Option<String>,
}

impl Calling {
    /// The flags of this call. `cloud`: the cloud's name, from wherever it was configured.
    pub(super) fn of(flags: &Flags, cloud: Option<&str>, rehearsal: Option<&str>) -> Self {
        let path = |path: &std::path::Path| path.display().to_string();
        let served = format!("./{SERVED}");
        let cloud = cloud.or(rehearsal.map(|_| served.as_str()));
        let mut all = Self {
            rehearsal: rehearsal.map(str::to_owned),
            ..Self::default()
        };
        let endpoints = flags.endpoints.iter().cloned().map(Some);
        let whole = endpoints.map(|endpoint| ("--endpoint", endpoint));
        let whole = [("--cloud", cloud.map(str::to_owned))]
            .into_iter()
            .chain(whole);
        let sign_in = [
            ("--tenant", flags.tenant.clone()),
            ("--auth", flags.auth.clone()),
            ("--client-id", flags.client_id.clone()),
            ("--sandbox-user", flags.sandbox_user.clone()),
            ("--config", flags.config.as_deref().map(path)),
            ("--profile", flags.profile.clone()),
            ("--ca-bundle", flags.ca_bundle.as_deref().map(path)),
            ("--change", flags.change.clone()),
            ("--audit-log", flags.audit_log.as_deref().map(path)),
        ];
        for (flag, value) in whole {
            all.cloud
                .extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
        }
        for (flag, value) in sign_in {
            all.sign_in
                .extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
        }
        all
    }

    /// The program and flags for this caller, as part of a command line.
    pub(super) fn by_caller(&self) -> String {
        let mut words = self.by_others();
        words.extend(self.sign_in.iter().cloned());
        System::HERE.shell().line(&words)
    }

    /// The program and flags for a script that starts from the beginning. A sandbox inside the
    /// process is new each time.
    pub(super) fn anew(&self) -> String {
        let Some(scenario) = &self.rehearsal else {
            return self.by_caller();
        };
        let mut words = vec!["cmkctl".to_owned(), "--sandbox".to_owned()];
        if scenario != READY {
            words.extend(["--scenario".to_owned(), scenario.clone()]);
        }
        // Skip the first two words: they name the cloud file, which is deleted with the process.
        words.extend(self.cloud.iter().skip(2).cloned());
        words.extend(self.sign_in.iter().cloned());
        System::HERE.shell().line(&words)
    }

    /// The program and flags for another user, word by word, without this caller's sign-in.
    pub(super) fn by_others(&self) -> Vec<String> {
        let program = std::iter::once("cmkctl".to_owned());
        program.chain(self.cloud.iter().cloned()).collect()
    }

    /// The hint at the end of a sandbox inside this process.
    pub(super) fn ended(&self) -> Option<String> {
        let scenario = match self.rehearsal.as_deref()? {
            READY => String::new(),
            other => format!(" --scenario {}", quoted(other)),
        };
        Some(format!(
            "This rehearsal has ended. To continue step by step, serve a sandbox: `cmkctl \
                sandbox{scenario} --cloud-file {SERVED}`."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_called_again_as_it_was() {
        let flags = Flags {
            endpoints: vec!["bap=x".into()],
            sandbox_user: Some("key-vault-admin".into()),
            config: Some("my config.toml".into()),
            profile: Some("it's".into()),
            ..Flags::default()
        };
        let calling = Calling::of(&flags, Some("/tmp/a b/cloud.json"), None);
        assert_eq!(
            calling.by_caller(),
            "cmkctl --cloud '/tmp/a b/cloud.json' --endpoint 'bap=x' --sandbox-user \
            key-vault-admin --config 'my config.toml' --profile 'it'\\''s'"
        );
        // Other users sign in with their own settings.
        assert_eq!(
            calling.by_others().join(" "),
            "cmkctl --cloud /tmp/a b/cloud.json --endpoint bap=x"
        );
        assert_eq!(calling.ended(), None);
        let plain = Calling::of(&Flags::default(), None, None);
        assert_eq!(plain.by_caller(), "cmkctl");
    }

    #[test]
    fn what_ends_with_the_process_is_not_named_as_if_it_went_on() {
        let of = |scenario| Calling::of(&Flags::default(), None, Some(scenario));
        assert_eq!(of("ready").by_caller(), "cmkctl --cloud ./sandbox.json");
        // A script starts over with its own sandbox.
        assert_eq!(of("ready").anew(), "cmkctl --sandbox");
        let scenario = "cmkctl --sandbox --scenario 'my file.json'";
        assert_eq!(of("my file.json").anew(), scenario);
        let ended = of("my file.json").ended().unwrap();
        let serve = "`cmkctl sandbox --scenario 'my file.json' --cloud-file sandbox.json`";
        assert!(ended.contains(serve), "{ended}");
    }
}
