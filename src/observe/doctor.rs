//! The checks of `doctor`, from this machine outwards. Each runs only if the earlier ones allow it.

use super::resolve::environment_error;
use crate::cloud::answer::Broken;
use crate::cloud::clock::{APART, SET_CLOCK};
use crate::cloud::fault::Fault;
use crate::cloud::probe::{Contact, addresses};
use crate::cloud::{Cloud, Reader, Service};
use crate::error::{Error, Kind};
use crate::model::cause::Cause;
use crate::model::checkup::{Area, Row, Verdict};
use crate::model::count::counted;
use crate::model::target::Target;
use crate::model::who::{self, Side};
use futures::future::join_all;
use futures::join;

/// Seconds of clock skew from which `doctor` warns.
const SKEW_WARNS: i64 = 60;

/// Checks host names, network, certificates, the clock, the sign-in and the roles. `proxy` is the
/// proxy in use, without its password. `part`: leave out what only the other administrator needs.
pub async fn examine(
    reader: &Reader,
    target: &Target,
    proxy: Option<&str>,
    part: Option<Side>,
) -> Vec<Row> {
    let cloud = reader.session.cloud();
    let environments = part != Some(Side::KeyVault);
    let mut hosts = vec![
        (
            "sign-in",
            cloud.get("login").to_owned(),
            "/common/v2.0/.well-known/openid-configuration",
        ),
        ("Azure Resource Manager", cloud.get("arm").to_owned(), "/"),
    ];
    if environments {
        hosts.push(("Power Platform admin API", cloud.get("bap").to_owned(), "/"));
    }
    let mut rows = Vec::new();
    let names: Vec<&str> = hosts.iter().map(|(_, host, _)| host.as_str()).collect();
    rows.push(dns(cloud, &names, proxy).await);
    let urls: Vec<String> = hosts
        .iter()
        .map(|(_, host, path)| format!("https://{host}{path}"))
        .collect();
    let contacts = join_all(urls.iter().map(|url| reader.contact(url))).await;
    for ((name, host, _), contact) in hosts.iter().zip(&contacts) {
        rows.push(reach(name, host, contact, proxy.is_some()));
    }
    rows.extend(clock(
        contacts
            .iter()
            .filter_map(|contact| contact.as_ref().ok()?.skew),
    ));
    // If no service answered, a sign-in can't succeed either, so its failure is not reported again.
    if contacts.iter().any(Result::is_ok) {
        rows.extend(rights(reader, target, part).await);
    }
    rows
}

/// The sign-ins, and the roles of each accepted one.
async fn rights(reader: &Reader, target: &Target, part: Option<Side>) -> Vec<Row> {
    let (arm, bap) = join!(sign_in(reader, Service::Arm), async {
        match part {
            Some(Side::KeyVault) => None,
            Some(Side::PowerPlatform) | None => Some(sign_in(reader, Service::Bap).await),
        }
    });
    let is_in = |row: &Row| row.verdict == Verdict::Ok;
    let (for_arm, for_bap) = (is_in(&arm), bap.as_ref().is_some_and(is_in));
    let (azure, environments) = join!(
        async {
            if for_arm {
                azure_roles(reader, target, part).await
            } else {
                Vec::new()
            }
        },
        async {
            if for_bap {
                Some(power_platform_role(reader).await)
            } else {
                None
            }
        },
    );
    let rows = [Some(arm), bap, environments].into_iter().flatten();
    rows.chain(azure).collect()
}

async fn dns(cloud: &Cloud, names: &[&str], proxy: Option<&str>) -> Row {
    if cloud.sandbox.is_some() {
        return Row::ok(
            "dns",
            "not needed: the sandbox runs on this machine (127.0.0.1)",
        );
    }
    if proxy.is_some() {
        return Row::ok("dns", "not checked: the proxy resolves the host names");
    }
    let found = join_all(names.iter().map(|name| addresses(name))).await;
    let failed = names
        .iter()
        .zip(&found)
        .find_map(|(name, found)| Some((name, found.as_ref().err()?)));
    match failed {
        None => Row::ok("dns", format!("{} names resolve", names.len())),
        Some((name, failure)) => Row::ok("dns", format!("{name}: {failure}")).but(
            Verdict::Fail,
            Area::Network,
            "Allow this machine to resolve public host names. If a proxy resolves them, set \
            `HTTPS_PROXY`. For another cloud, pass `--cloud`.",
            who::NETWORK,
        ),
    }
}

fn reach(name: &str, host: &str, contact: &Result<Contact, Broken>, proxied: bool) -> Row {
    let check = format!("reach {name}");
    let through = if proxied {
        "Check that the proxy allows connections to this host."
    } else {
        "Check that no firewall blocks this host. If your network requires a proxy, set \
        `HTTPS_PROXY`."
    };
    match contact {
        Ok(Contact { status: 407, .. }) => {
            Row::ok(check, format!("{host}: the proxy requires a sign-in (407)")).but(
                Verdict::Fail,
                Area::Network,
                "Add the user name and the password to `HTTPS_PROXY`, or use a proxy without a \
                sign-in.",
                who::NETWORK,
            )
        }
        Ok(Contact { status, .. }) => Row::ok(check, format!("{host} answers ({status})")),
        Err(broken) => {
            let text = broken.text();
            let lower = text.to_ascii_lowercase();
            let tls = ["certificate", "tls", "ssl", "issuer"]
                .iter()
                .any(|word| lower.contains(word));
            let fix = if tls {
                "A proxy or a firewall probably decrypts the connection. Pass its CA certificate \
                with `--ca-bundle FILE`."
            } else {
                through
            };
            Row::ok(check, format!("{host}: {text}")).but(
                Verdict::Fail,
                Area::Network,
                fix,
                who::NETWORK,
            )
        }
    }
}

fn clock(skews: impl Iterator<Item = i64>) -> Option<Row> {
    // A cache on the network path may serve an old date, so the smallest skew counts.
    let skew = skews.min()?;
    Some(match skew {
        0..SKEW_WARNS => Row::ok("clock", "matches the cloud's clock"),
        SKEW_WARNS..=APART => Row::ok(
            "clock",
            format!("differs from the cloud's clock by {skew} s"),
        )
        .but(Verdict::Warn, Area::SignIn, SET_CLOCK, who::CALLER),
        _ => Row::ok(
            "clock",
            format!("differs from the cloud's clock by {skew} s, sign-in allows {APART} s"),
        )
        .but(Verdict::Fail, Area::SignIn, SET_CLOCK, who::CALLER),
    })
}

async fn sign_in(reader: &Reader, service: Service) -> Row {
    let check = format!("sign-in to {}", service.name());
    match reader.identity(service).await {
        Ok(identity) => {
            let name = identity
                .name
                .or(identity.object_id)
                .unwrap_or_else(|| "unknown".to_owned());
            Row::ok(check, format!("{name}, by {}", identity.method.name()))
        }
        Err(error) => {
            let fix = error
                .hints
                .first()
                .cloned()
                .unwrap_or_else(|| "For details: `cmkctl auth status`.".to_owned());
            let (area, who) = if error.cause == Some(Cause::Network) {
                (Area::Network, who::NETWORK)
            } else {
                (Area::SignIn, who::CALLER)
            };
            Row::ok(check, error.to_string()).but(Verdict::Fail, area, fix, who)
        }
    }
}

async fn power_platform_role(reader: &Reader) -> Row {
    let check = "role in Power Platform";
    match reader.sees_environments().await {
        Ok(0) => Row::ok(check, "this account sees no environment in the tenant").but(
            Verdict::Fail,
            Area::Role,
            "Assign the role Power Platform Administrator to this account. `create-policy` does \
                not require this role.",
            who::POWER_PLATFORM,
        ),
        Ok(count) => Row::ok(
            check,
            format!("this account sees {}", counted(count, "environment")),
        ),
        Err(fault) => {
            let (area, who) = blamed(&fault, who::POWER_PLATFORM);
            let error = environment_error("The environments can't be listed.", fault);
            let fix = first_hint(&error, "For details: `cmkctl auth status`.");
            Row::ok(check, error.to_string()).but(Verdict::Fail, area, fix, who)
        }
    }
}

/// Checks the roles on the configured policy and vault, if there are any.
async fn azure_roles(reader: &Reader, target: &Target, part: Option<Side>) -> Vec<Row> {
    // Adding environments requires no role on the vault.
    let vault = target.vault.as_ref();
    let vault = vault.filter(|_| part != Some(Side::PowerPlatform));
    let (policy, vault) = join!(
        async { Some(reader.policy(target.policy.as_ref()?).await.map(|_| ())) },
        async { Some(reader.vault(vault?).await.map(|_| ())) },
    );
    let row = |check: &str, reply: Result<(), Fault>, fix: &str, who| match reply {
        Ok(()) => Row::ok(check, "can be read"),
        Err(fault) if fault.is_absence() => Row::ok(
            check,
            "does not exist yet, or is not \
            visible to you",
        )
        .but(
            Verdict::Warn,
            Area::Role,
            "Check the id in the configuration. `cmkctl check` shows the details.",
            who,
        ),
        Err(fault) => {
            let (area, who) = blamed(&fault, who);
            let error = fault.into_error("The resource can't be read.");
            let fix = if error.explained {
                first_hint(&error, fix)
            } else {
                fix.to_owned()
            };
            let detail = error.detail.unwrap_or_default();
            Row::ok(check, detail).but(Verdict::Fail, area, fix, who)
        }
    };
    let policy = policy.map(|reply| {
        row(
            "role at the policy",
            reply,
            "Grant this account Reader on the policy: `cmkctl create-policy --reader OBJECT_ID`.",
            who::KEY_VAULT,
        )
    });
    let vault = vault.map(|reply| {
        row(
            "role at the vault",
            reply,
            "Grant this account Reader on the vault. `add-environment` does not require it.",
            who::KEY_VAULT,
        )
    });
    policy.into_iter().chain(vault).collect()
}

/// The area of a fault, and who can help. `otherwise`: who can help if the service does not say.
fn blamed(fault: &Fault, otherwise: &'static str) -> (Area, &'static str) {
    let judged = fault.judged();
    let told = if judged.is_told() {
        judged.who()
    } else {
        otherwise
    };
    if Kind::of(judged.cause) == Kind::SignIn {
        (Area::SignIn, judged.who())
    } else if Kind::of(judged.cause) == Kind::Forbidden && judged.cause != Cause::Network {
        (Area::Role, told)
    } else {
        (Area::Network, told)
    }
}

fn first_hint(error: &Error, otherwise: &str) -> String {
    error
        .hints
        .first()
        .cloned()
        .unwrap_or_else(|| otherwise.to_owned())
}
