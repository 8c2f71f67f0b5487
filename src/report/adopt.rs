//! Writes the desired state as a file that people continue to edit.

use crate::model::day::day;
use crate::model::text::{clean, toml_string};
use crate::model::wanted::{Wanted, WantedPolicy};
use jiff::Timestamp;

/// The file that describes the current state. `notes`: comments for each policy. `left_out`: what
/// could not be described.
pub fn wanted_file(
    wanted: &Wanted,
    notes: &[Vec<String>],
    left_out: &[String],
    at: Timestamp,
) -> String {
    let mut text = format!(
        "# Current state on {}. `cmkctl plan FILE` shows the changes that this file requires. \
        `cmkctl apply FILE` makes them.\n\n",
        day(at)
    );
    if wanted.policies.is_empty() {
        // Without this line `apply` would refuse the file as empty.
        text.push_str("policies = []\n\n");
    }
    text.push_str(&format!("[waves]\nat-most = {}\n", wanted.waves.at_most));
    if !wanted.waves.windows.is_empty() {
        let windows: Vec<String> = wanted
            .waves
            .windows
            .iter()
            .map(|window| toml_string(&window.to_string()))
            .collect();
        text.push_str(&format!("windows = [{}]\n", windows.join(", ")));
    } else {
        text.push_str("# windows = [\"sat 22:00-sun 06:00\"]   # UTC\n");
    }
    text.push_str(&format!("limit = {}\n", wanted.waves.limit));
    let none = Vec::new();
    for (number, policy) in wanted.policies.iter().enumerate() {
        push_policy(&mut text, policy, notes.get(number).unwrap_or(&none));
    }
    for sentence in left_out {
        text.push_str(&format!("\n# {}\n", clean(sentence)));
    }
    text
}

fn push_policy(text: &mut String, policy: &WantedPolicy, notes: &[String]) {
    text.push_str("\n[[policies]]\n");
    for note in notes {
        text.push_str(&format!("# {}\n", clean(note)));
    }
    let mut line = |name: &str, value: String| text.push_str(&format!("{name} = {value}\n"));
    line("id", toml_string(&policy.id.to_string()));
    line("location", toml_string(&policy.location));
    line("vault", toml_string(&policy.vault.to_string()));
    line("key", toml_string(policy.key.as_str()));
    if let Some(version) = &policy.key_version {
        line("key-version", toml_string(version.as_str()));
    }
    if !policy.grant {
        line("grant", "false".to_owned());
    }
    if !policy.readers.is_empty() {
        let readers: Vec<String> = policy.readers.iter().map(|id| toml_string(id)).collect();
        line("readers", format!("[{}]", readers.join(", ")));
    }
    for environment in &policy.environments {
        text.push_str("\n  [[policies.environments]]\n");
        let mut line = |name: &str, value: String| text.push_str(&format!("  {name} = {value}\n"));
        line("id", toml_string(&environment.id));
        if let Some(name) = &environment.name {
            line("name", toml_string(name));
        }
        line("ring", environment.ring.to_string());
        for (name, flag) in [
            ("make-managed", environment.make_managed),
            ("power-platform-only", environment.power_platform_only),
        ] {
            if flag {
                line(name, "true".to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ArmId, ResourceKind};
    use crate::model::key_ids::{KeyName, KeyVersion};
    use crate::model::wanted::{WantedEnvironment, Waves, Window};

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let id = |kind, name| {
            ArmId::new("11111111-2222-3333-4444-555555555555", "g", kind, name).unwrap()
        };
        let environment = |name: &str| WantedEnvironment {
            id: "193e4dc2-2922-5505-aaa6-80f4c40dd75d".into(),
            name: Some(name.into()),
            ring: 3,
            make_managed: true,
            power_platform_only: true,
        };
        let policy = WantedPolicy {
            id: id(ResourceKind::EnterprisePolicy, "ep"),
            location: "europe".into(),
            vault: id(ResourceKind::ManagedHsm, "hsm"),
            key: KeyName::parse("cmk").unwrap(),
            key_version: Some(KeyVersion::parse(&"a".repeat(32)).unwrap()),
            create_key: None,
            grant: false,
            readers: vec!["193e4dc2-2922-5505-aaa6-80f4c40dd75d".into()],
            environments: vec![
                environment("a \"b\" \\ c\u{7f} ] # '''"),
                environment("é = [\"x\"]"),
            ],
        };
        let waves = Waves {
            at_most: 7,
            windows: vec![Window::parse("sat 22:00-sun 06:00").unwrap()],
            limit: 40,
        };
        let wanted = Wanted {
            waves,
            policies: vec![
                policy.clone(),
                WantedPolicy {
                    environments: vec![],
                    ..policy
                },
            ],
        };
        let text = wanted_file(
            &wanted,
            &[vec!["A note\nwith = \"lines\"".into()]],
            &["left = 1".into()],
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(toml::from_str::<Wanted>(&text).unwrap(), wanted, "{text}");
        let none = Wanted {
            waves: wanted.waves.clone(),
            policies: Vec::new(),
        };
        let text = wanted_file(&none, &[], &["left out".into()], Timestamp::UNIX_EPOCH);
        assert_eq!(toml::from_str::<Wanted>(&text).unwrap(), none, "{text}");
        let json = serde_json::to_string(&wanted).unwrap();
        assert_eq!(serde_json::from_str::<Wanted>(&json).unwrap(), wanted);
    }
}
