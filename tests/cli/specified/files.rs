//! The specifications: finds the operation of a request, and the schemas for it.

use super::draft4::{self, Side};
use super::{bicep, schema};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// A specification and its hosts.
struct File {
    name: &'static str,
    hosts: &'static [&'static str],
    text: Value,
}

/// Newest first.
const FILES: [(&str, &[&str]); 10] = [
    ("arm-powerplatform-2020-10-30-preview", ARM),
    (KEY_VAULT, ARM),
    ("arm-authorization-2022-04-01", ARM),
    ("arm-locks-2020-05-01", ARM),
    ("arm-resources-2021-04-01", ARM),
    ("arm-subscriptions-2022-12-01", ARM),
    (
        "keyvault-keys-2025-07-01",
        &[".vault.azure.net", ".managedhsm.azure.net"],
    ),
    ("keyvault-rbac-2025-07-01", &[".managedhsm.azure.net"]),
    ("powerplatform-api-2.0.3578.333", &["api.powerplatform.com"]),
    ("powerplatform-api-2.0.3399.248", &["api.powerplatform.com"]),
];
const ARM: &[&str] = &["management.azure.com"];
const KEY_VAULT: &str = "arm-keyvault-2023-07-01";
/// The version whose bodies are in another file.
const NEWER: &str = "2026-02-01";

/// Key Vault's PUTs that the specification omits, with the successes of Microsoft's REST reference.
/// Bicep's types are made from these.
const PUTS: [(&str, &[&str]); 3] = [
    ("/vaults/{vaultName}", &["200", "201"]),
    ("/managedHSMs/{name}", &["200", "202"]),
    ("/vaults/{vaultName}/keys/{keyName}", &["200"]),
];

/// A part of a path.
#[derive(Debug, Clone)]
enum Part {
    Fixed(String),
    /// One segment. With `may_lack`, it is optional.
    One {
        name: String,
        may_lack: bool,
    },
    /// Several segments. With `may_lack`, they are optional.
    Many {
        name: String,
        may_lack: bool,
    },
}

/// An operation.
pub(super) struct Operation {
    file: usize,
    pub(super) method: String,
    /// The path in the specification.
    pub(super) path: String,
    parts: Vec<Part>,
    fixed: usize,
    pub(super) parameters: Vec<Value>,
    responses: Value,
    /// The only version with this operation, if any.
    only: Option<&'static str>,
}

/// The allowed content of an answer.
pub(super) enum Expected {
    /// The specification has no such answer.
    Nothing,
    NoBody,
    /// The specification does not describe the content.
    Anything,
    Schema(Arc<Validator>),
}

/// All specifications.
pub(super) struct Specs {
    files: Vec<File>,
    folder: PathBuf,
    /// The newer version, read on first use.
    newer: OnceLock<Value>,
    operations: Vec<Operation>,
    compiled: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Specs {
    pub(super) fn load(folder: &Path) -> Self {
        let file = |(name, hosts): (&'static str, &'static [&'static str])| {
            let text = read(folder, name);
            File { name, hosts, text }
        };
        let files: Vec<File> = FILES.into_iter().map(file).collect();
        let operations = files.iter().enumerate().flat_map(operations).collect();
        Self {
            folder: folder.to_owned(),
            newer: OnceLock::new(),
            files,
            operations,
            compiled: Mutex::default(),
        }
    }

    /// The operation of a request, with the values of its path parameters. Of several matches, the
    /// one with the longest fixed text.
    pub(super) fn operation(
        &self,
        (method, version): (&str, &str),
        host: &str,
        path: &str,
    ) -> Option<(&Operation, BTreeMap<String, String>)> {
        let segments: Vec<&str> = path.split('/').filter(|one| !one.is_empty()).collect();
        let mut found = None;
        for operation in &self.operations {
            let hosts = self.files[operation.file].hosts;
            let here = hosts.iter().any(|own| host.ends_with(own));
            let known = operation.only.is_none_or(|only| only == version);
            if !here || !known || !operation.method.eq_ignore_ascii_case(method) {
                continue;
            }
            let longest = found
                .as_ref()
                .map_or(0, |(other, _): &(&Operation, _)| other.fixed);
            if operation.fixed > longest
                && let Some(places) = fitted(&operation.parts, &segments)
            {
                found = Some((operation, places));
            }
        }
        found
    }

    /// The validator of a request's body if it may have one, and whether it must.
    pub(super) fn body(
        &self,
        operation: &Operation,
        version: &str,
    ) -> Option<(Arc<Validator>, bool)> {
        let mut parameters = operation.parameters.iter();
        let body = parameters.find(|own| own["in"] == "body")?;
        let validator = self.validator(operation, version, (&body["schema"], Side::Request));
        Some((validator, body["required"] == true))
    }

    pub(super) fn answer(&self, operation: &Operation, version: &str, status: u64) -> Expected {
        let responses = &operation.responses;
        let family = format!("{}xx", status / 100);
        let own = [status.to_string(), family, "default".to_owned()];
        // `default` is for errors.
        let known = if status >= 400 { &own[..] } else { &own[..2] };
        let Some(response) = known.iter().find_map(|name| responses.get(name)) else {
            let errors_are_open = status >= 400 && responses.get("default").is_none();
            return if errors_are_open {
                Expected::Anything
            } else {
                Expected::Nothing
            };
        };
        match response.get("schema") {
            None => Expected::NoBody,
            Some(schema) => {
                Expected::Schema(self.validator(operation, version, (schema, Side::Answer)))
            }
        }
    }

    fn validator(
        &self,
        operation: &Operation,
        version: &str,
        (schema, side): (&Value, Side),
    ) -> Arc<Validator> {
        let file = &self.files[operation.file];
        let newer = file.name == KEY_VAULT && version == NEWER && !is_error(schema);
        let resource = resource(&operation.parts).filter(|_| newer);
        let key = format!(
            "{} {side:?} {schema} {} {resource:?}",
            file.name, operation.method
        );
        self.compiled(key, || match &resource {
            Some(name) => self.by_newer(operation, name, (schema, side)),
            None => {
                let all = &file.text["definitions"];
                let definition = |name: &str| draft4::draft4(&all[name], all, side);
                draft4::whole(draft4::draft4(schema, all, side), definition)
            }
        })
    }

    /// The validator of a parameter, which is described like a schema, except for `required`.
    pub(super) fn parameter(&self, parameter: &Value) -> Arc<Validator> {
        self.compiled(parameter.to_string(), || {
            let mut parameter = parameter.clone();
            parameter["required"] = Value::Null;
            draft4::draft4(&parameter, &Value::Null, Side::Request)
        })
    }

    /// Compiles each validator once.
    fn compiled(&self, key: String, schema: impl FnOnce() -> Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap();
        let made = || Arc::new(schema::compiled(&schema()));
        compiled.entry(key).or_insert_with(made).clone()
    }

    /// The newer version's shape. A list keeps its older shape.
    fn by_newer(&self, operation: &Operation, name: &str, (schema, side): (&Value, Side)) -> Value {
        let partly = operation.method == "patch";
        let file = format!("bicep-types/microsoft.keyvault@{NEWER}.types");
        let types = self.newer.get_or_init(|| read(&self.folder, &file));
        let made = bicep::resource(types, name, side, partly);
        let mut made = made.unwrap_or_else(|| panic!("no {name} in {NEWER}"));
        let path = schema["$ref"].as_str().unwrap_or_default();
        let shape = path.trim_start_matches("#/definitions/");
        let shape = &self.files[operation.file].text["definitions"][shape];
        if shape["properties"]["value"]["type"] == "array" {
            let item = made["$ref"].take();
            let list = json!({
                "type": "object", "additionalProperties": false,
                "properties": {
                    "value": { "type": "array", "items": { "$ref": item } },
                    "nextLink": { "type": "string" },
                },
                "definitions": made["definitions"].take(),
            });
            return list;
        }
        made
    }
}

fn read(folder: &Path, name: &str) -> Value {
    let path = folder.join(format!("{name}.json"));
    let text = fs::read_to_string(&path);
    let text = text.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn is_error(schema: &Value) -> bool {
    let path = schema["$ref"].as_str().unwrap_or_default();
    path.ends_with("Error")
}

/// The resource type of a Key Vault path, as templates name it.
fn resource(parts: &[Part]) -> Option<String> {
    let fixed: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Fixed(text) => Some(text.as_str()),
            Part::One { .. } | Part::Many { .. } => None,
        })
        .collect();
    let at = fixed.iter().position(|own| *own == "Microsoft.KeyVault")?;
    let mut name = fixed[at..].join("/");
    for kind in ["deletedVaults", "deletedManagedHSMs"] {
        if name.ends_with(kind) {
            name = format!("Microsoft.KeyVault/locations/{kind}");
        }
    }
    Some(name)
}

fn operations((at, file): (usize, &File)) -> Vec<Operation> {
    let mut made = Vec::new();
    let none = Map::new();
    for list in ["paths", "x-ms-paths"] {
        for (path, operations) in file.text[list].as_object().unwrap_or(&none) {
            for (method, one) in operations.as_object().unwrap_or(&none) {
                if method != "parameters" {
                    let own = one["parameters"].as_array().into_iter().flatten();
                    let shared = operations["parameters"].as_array().into_iter().flatten();
                    let all = own.chain(shared).map(|own| resolved(own, &file.text));
                    let responses = one["responses"].clone();
                    made.push(operation(at, (method, path), all.collect(), responses));
                }
            }
        }
    }
    for (path, operations) in file.text["routes"].as_object().unwrap_or(&none) {
        for (method, one) in operations.as_object().unwrap_or(&none) {
            made.push(of_route(at, (method, path), one));
        }
    }
    if file.name == KEY_VAULT {
        let puts: Vec<Operation> = made.iter().filter_map(put).collect();
        made.extend(puts);
    }
    // A path without fixed text would match everything.
    made.retain(|own| own.fixed > 0);
    made
}

/// The PUT of a resource that `read` reads.
fn put(read: &Operation) -> Option<Operation> {
    let (_, states) = PUTS.iter().find(|(end, _)| read.path.ends_with(end))?;
    if read.method != "get" {
        return None;
    }
    let schema = &read.responses["200"]["schema"];
    let mut parameters = read.parameters.clone();
    parameters.push(json!({ "name": "body", "in": "body", "required": true, "schema": schema }));
    let mut responses = json!({ "default": read.responses["default"] });
    for state in *states {
        responses[*state] = json!({ "schema": schema });
    }
    Some(Operation {
        method: "put".to_owned(),
        path: read.path.clone(),
        parts: read.parts.clone(),
        parameters,
        responses,
        only: Some(NEWER),
        ..*read
    })
}

fn resolved(parameter: &Value, file: &Value) -> Value {
    let path = parameter["$ref"].as_str();
    path.map_or(parameter, |path| {
        file.pointer(path.trim_start_matches('#')).unwrap()
    })
    .clone()
}

/// A route of the Power Platform API. Its query is in its address (RFC 6570), and its answers are
/// models.
fn of_route(at: usize, (method, path): (&str, &str), one: &Value) -> Operation {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parameters: Vec<Value> = query
        .split(['{', '}', '&', ',', '?'])
        .map(|name| name.trim_end_matches('*'))
        .filter(|name| !name.is_empty() && !name.ends_with('='))
        .map(|name| {
            let required = name == "api-version";
            json!({ "name": name, "in": "query", "required": required, "type": "string" })
        })
        .collect();
    let model = |name: &str| json!({ "$ref": format!("#/definitions/{name}") });
    if let Some(body) = one["body"].as_str() {
        parameters.push(json!({ "name": "body", "in": "body", "schema": model(body) }));
    }
    let returns = one["returns"].as_str().filter(|name| *name != "None");
    let mut responses = Map::new();
    let good = returns.map_or(json!({}), |name| json!({ "schema": model(name) }));
    responses.insert("2xx".to_owned(), good);
    for (status, name) in one["errors"].as_object().into_iter().flatten() {
        let error = json!({ "schema": model(name.as_str().unwrap()) });
        responses.insert(status.clone(), error);
    }
    operation(at, (method, path), parameters, Value::Object(responses))
}

fn operation(
    file: usize,
    (method, path): (&str, &str),
    parameters: Vec<Value>,
    responses: Value,
) -> Operation {
    let part = |text: &str| {
        let Some(name) = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        else {
            return Part::Fixed(text.to_owned());
        };
        let name = name.to_owned();
        match name.as_str() {
            // Without a version, the path means the newest version of a key.
            "key-version" => Part::One {
                name,
                may_lack: true,
            },
            "parentResourcePath" => Part::Many {
                name,
                may_lack: true,
            },
            "scope" => Part::Many {
                name,
                may_lack: false,
            },
            _ => Part::One {
                name,
                may_lack: false,
            },
        }
    };
    let parts: Vec<Part> = path
        .split('/')
        .filter(|text| !text.is_empty())
        .map(part)
        .collect();
    let fixed = parts.iter().map(|part| match part {
        Part::Fixed(text) => text.len(),
        Part::One { .. } | Part::Many { .. } => 0,
    });
    Operation {
        file,
        method: method.to_owned(),
        path: path.to_owned(),
        fixed: fixed.sum(),
        parts,
        parameters,
        responses,
        only: None,
    }
}

/// The values of the path parameters, if the path matches.
fn fitted(parts: &[Part], segments: &[&str]) -> Option<BTreeMap<String, String>> {
    let Some((part, rest)) = parts.split_first() else {
        return segments.is_empty().then(BTreeMap::new);
    };
    let (name, lengths) = match part {
        Part::Fixed(text) => {
            let (own, others) = segments.split_first()?;
            return own
                .eq_ignore_ascii_case(text)
                .then(|| fitted(rest, others))
                .flatten();
        }
        Part::One { name, may_lack } => (name, usize::from(!may_lack)..=1),
        Part::Many { name, may_lack } => (name, usize::from(!may_lack)..=segments.len()),
    };
    lengths
        .filter(|length| *length <= segments.len())
        .find_map(|length| {
            let (own, others) = segments.split_at(length);
            let mut places = fitted(rest, others)?;
            places.insert(name.clone(), own.join("/"));
            Some(places)
        })
}
