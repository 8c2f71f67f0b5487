//! Reads the key parameters of a request. The data plane and the control plane of Key Vault spell
//! them differently. Rules follow the public specification and the article on keys. The refusals'
//! texts are inferred.

use super::fields::{Fields, Wrong, word};
use crate::tenant::vaults::{Vault, Version, usual_operations};
use serde_json::{Map, Value, json};

/// The names of the key fields in a service.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) size: &'static str,
    pub(super) curve: &'static str,
    pub(super) operations: &'static str,
}

const KTY: [&str; 6] = ["RSA", "RSA-HSM", "EC", "EC-HSM", "oct", "oct-HSM"];
const CURVES: [&str; 4] = ["P-256", "P-384", "P-521", "P-256K"];
const OPERATIONS: [&str; 6] = [
    "encrypt",
    "decrypt",
    "sign",
    "verify",
    "wrapKey",
    "unwrapKey",
];
/// Limit of tags for a key.
const MOST_TAGS: usize = 15;

/// The version settings that a request can set, on creation and later.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wish {
    pub(super) enabled: Option<bool>,
    pub(super) starts: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) operations: Option<Vec<String>>,
    pub(super) tags: Option<Map<String, Value>>,
}

/// Reads these settings. `body` holds the tags, and `fields` the rest.
///
/// # Errors
/// A field has the wrong type, or requests an unsupported feature.
pub(super) fn wish(body: Fields<'_>, fields: Fields<'_>, names: &Names) -> Result<Wish, Wrong> {
    let mut wish = Wish {
        tags: body.tags()?,
        ..Wish::default()
    };
    if wish
        .tags
        .as_ref()
        .is_some_and(|tags| tags.len() > MOST_TAGS)
    {
        return Err(Wrong("tags".to_owned()));
    }
    let known = [
        "enabled",
        "nbf",
        "exp",
        "exportable",
        "created",
        "updated",
        "recoveryLevel",
        "recoverableDays",
        "hsmPlatform",
        "attestation",
    ];
    if let Some(attributes) = fields.object("attributes", &known)? {
        let time = |name: &str| {
            let seconds = attributes.number(name)?;
            let good = seconds.is_none_or(|at| jiff::Timestamp::from_second(at).is_ok() && at >= 0);
            good.then_some(seconds)
                .ok_or_else(|| Wrong(name.to_owned()))
        };
        (wish.starts, wish.expires) = (time("nbf")?, time("exp")?);
        wish.enabled = attributes.flag("enabled")?;
        // An exportable key needs a release policy, which the sandbox does not support.
        if attributes.flag("exportable")? == Some(true) {
            return Err(Wrong("exportable".to_owned()));
        }
    }
    if fields.get("release_policy").is_some() {
        return Err(Wrong("release_policy".to_owned()));
    }
    if let Some(list) = fields.list(names.operations)? {
        let known = list.iter().map(|operation| word(operation, &OPERATIONS));
        let known: Option<Vec<String>> = known
            .map(|operation| operation.map(str::to_owned))
            .collect();
        let known = known.ok_or_else(|| Wrong(names.operations.to_owned()))?;
        wish.operations = Some(known);
    }
    Ok(wish)
}

/// The first version of a new key in this vault.
///
/// # Errors
/// The vault can't create such a key.
pub(super) fn made(
    fields: Fields<'_>,
    names: &Names,
    vault: &Vault,
    now: i64,
) -> Result<Version, Wrong> {
    let wrong = |name: &str| Wrong(name.to_owned());
    let kty = fields.word("kty", &KTY)?.ok_or_else(|| wrong("kty"))?;
    let soft = !kty.ends_with("-HSM");
    // Only an HSM has symmetric keys. A vault with the standard SKU has only software keys.
    if (kty == "oct-HSM" && !vault.hsm) || kty == "oct" || (!soft && vault.is_standard()) {
        return Err(wrong("kty"));
    }
    let sizes: &[i64] = match kty {
        "RSA" | "RSA-HSM" => &[2048, 3072, 4096],
        "oct-HSM" => &[256, 192, 128],
        _ => &[],
    };
    let size = fields.number(names.size)?;
    if size.is_some_and(|size| !sizes.contains(&size)) {
        return Err(wrong(names.size));
    }
    let bits = size.or(sizes.first().copied()).unwrap_or_default();
    let curve = fields.word(names.curve, &CURVES)?;
    if curve.is_some() && !kty.starts_with("EC") {
        return Err(wrong(names.curve));
    }
    Ok(Version {
        kty: kty.to_owned(),
        bits: u32::try_from(bits).unwrap_or_default(),
        curve: kty
            .starts_with("EC")
            .then(|| curve.unwrap_or("P-256").to_owned()),
        operations: usual_operations(kty),
        tags: Map::new(),
        expires: None,
        starts: None,
        made: now,
        updated: now,
    })
}

/// The version with these settings applied. A missing setting stays.
///
/// # Errors
/// The key does not support the operations, or it would expire before it starts.
pub(super) fn fulfilled(version: &Version, wish: &Wish, names: &Names) -> Result<Version, Wrong> {
    let mut made = version.clone();
    if let Some(operations) = &wish.operations {
        let possible = usual_operations(&made.kty);
        if !operations
            .iter()
            .all(|operation| possible.contains(operation))
        {
            return Err(Wrong(names.operations.to_owned()));
        }
        made.operations.clone_from(operations);
    }
    if let Some(tags) = &wish.tags {
        made.tags.clone_from(tags);
    }
    made.expires = wish.expires.or(made.expires);
    made.starts = wish.starts.or(made.starts);
    let backwards = made
        .starts
        .zip(made.expires)
        .is_some_and(|(start, end)| start >= end);
    if backwards {
        return Err(Wrong("exp".to_owned()));
    }
    Ok(made)
}

/// Type, operations, size and curve in a service's spelling.
pub(super) fn shown(version: &Version, names: &Names) -> Map<String, Value> {
    let mut all = Map::from_iter([
        ("kty".to_owned(), json!(version.kty)),
        (names.operations.to_owned(), json!(version.operations)),
    ]);
    if version.bits > 0 && !names.size.is_empty() {
        all.insert(names.size.to_owned(), json!(version.bits));
    }
    if let Some(curve) = &version.curve {
        all.insert(names.curve.to_owned(), json!(curve));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::subscriptions::Place;

    const NAMES: Names = Names {
        size: "key_size",
        curve: "crv",
        operations: "key_ops",
    };

    fn tried(hsm: bool, standard: bool, body: &Value) -> Result<Version, Wrong> {
        let mut vault = Vault::new(Place::default(), "westeurope");
        vault.hsm = hsm;
        if standard {
            vault.properties["sku"] = json!({ "name": "standard" });
        }
        let known = [
            "kty",
            "key_size",
            "crv",
            "key_ops",
            "attributes",
            "tags",
            "release_policy",
        ];
        let fields = Fields::of(body, "body", &known)?;
        let version = made(fields, &NAMES, &vault, 1)?;
        fulfilled(&version, &wish(fields, fields, &NAMES)?, &NAMES)
    }

    #[test]
    fn a_vault_makes_the_keys_that_there_are() {
        for (hsm, standard, body) in [
            (false, false, json!({ "kty": "RSA" })),
            (false, false, json!({ "kty": "RSA-HSM", "key_size": 4096 })),
            (false, false, json!({ "kty": "EC", "crv": "P-256K" })),
            (true, false, json!({ "kty": "oct-HSM", "key_size": 128 })),
        ] {
            assert!(tried(hsm, standard, &body).is_ok(), "{body}");
        }
        for (standard, body, wrong) in [
            (true, json!({ "kty": "RSA-HSM" }), "kty"),
            (false, json!({ "kty": "oct-HSM" }), "kty"),
            (false, json!({}), "kty"),
            (false, json!({ "colour": 1 }), "colour"),
        ] {
            let found = tried(false, standard, &body).err();
            assert_eq!(found, Some(Wrong(wrong.to_owned())), "{body}");
        }
        let rsa = |more: Value| {
            let mut body = more;
            body["kty"] = json!("RSA");
            body
        };
        for (body, wrong) in [
            (rsa(json!({ "key_size": 1024 })), "key_size"),
            (rsa(json!({ "key_size": "2048" })), "key_size"),
            (rsa(json!({ "crv": "P-256" })), "crv"),
            (json!({ "kty": "EC", "crv": "P-1" }), "crv"),
            (json!({ "kty": "EC", "key_size": 2048 }), "key_size"),
            (json!({ "kty": "EC", "key_ops": ["wrapKey"] }), "key_ops"),
            (rsa(json!({ "key_ops": ["fly"] })), "key_ops"),
            (rsa(json!({ "tags": { "a": 1 } })), "tags"),
            (rsa(json!({ "release_policy": {} })), "release_policy"),
            (
                rsa(json!({ "attributes": { "exportable": true } })),
                "exportable",
            ),
            (rsa(json!({ "attributes": { "nbf": 9, "exp": 8 } })), "exp"),
            (rsa(json!({ "attributes": { "enabled": 1 } })), "enabled"),
        ] {
            let found = tried(false, false, &body).err();
            assert_eq!(found, Some(Wrong(wrong.to_owned())), "{body}");
        }
    }
}
