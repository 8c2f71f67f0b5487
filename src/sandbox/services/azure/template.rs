//! The supported subset of templates of Azure Resource Manager: enterprise policies, parameters,
//! variables, and the few functions that such templates use. Anything else is refused. Imitated
//! after the public reference of template functions.

use serde_json::{Map, Value, json};

/// The target of a deployment.
pub(super) struct Place {
    pub(super) tenant: String,
    pub(super) subscription: String,
    /// ARM id of the group.
    pub(super) group: String,
    pub(super) location: String,
    pub(super) deployment: String,
}

/// The result of a template.
#[derive(Debug)]
pub(super) struct Deployable {
    pub(super) resources: Vec<Value>,
    /// Parameters with their types, in the service's form.
    pub(super) parameters: Value,
    pub(super) outputs: Value,
}

/// The only supported resource type.
const TYPE: &str = "Microsoft.PowerPlatform/enterprisePolicies";
/// Nesting limit of variables and expressions.
const DEPTH: u8 = 20;

struct Names<'a> {
    place: &'a Place,
    parameters: Map<String, Value>,
    variables: &'a Value,
}

/// Reads the `properties` of a deployment.
///
/// # Errors
/// Why the template can't be deployed.
pub(super) fn read(properties: &Value, place: &Place) -> Result<Deployable, String> {
    let template = &properties["template"];
    if !template.is_object() {
        return Err("the sandbox requires the template itself, not a link".to_owned());
    }
    let mode = properties["mode"].as_str().unwrap_or("Incremental");
    if !mode.eq_ignore_ascii_case("Incremental") {
        return Err(format!("the sandbox does not support the mode '{mode}'"));
    }
    let mut names = Names {
        place,
        parameters: Map::new(),
        variables: &template["variables"],
    };
    let shown = parameters(template, &properties["parameters"], &mut names)?;
    let resources: Vec<&Value> = match &template["resources"] {
        Value::Array(all) => all.iter().collect(),
        Value::Object(all) => all.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let mut made = Vec::new();
    for declared in resources {
        made.extend(resource(declared, &names)?);
    }
    let mut outputs = Map::new();
    for (name, output) in template["outputs"].as_object().into_iter().flatten() {
        let value = names.value(&output["value"], DEPTH)?;
        outputs.insert(
            name.clone(),
            json!({ "type": output["type"], "value": value }),
        );
    }
    Ok(Deployable {
        resources: made,
        parameters: shown,
        outputs: Value::Object(outputs),
    })
}

/// Stores every parameter's value in `names`. The result omits secure parameters.
fn parameters(template: &Value, given: &Value, names: &mut Names<'_>) -> Result<Value, String> {
    let declared = template["parameters"].as_object();
    let odd = given.as_object().into_iter().flatten();
    let odd: Vec<&str> = odd
        .map(|(name, _)| name.as_str())
        .filter(|name| declared.is_none_or(|all| find(all, name).is_none()))
        .collect();
    if !odd.is_empty() {
        return Err(format!(
            "the following parameters were supplied, but do not correspond to any parameters \
            defined in the template: '{}'",
            odd.join(", ")
        ));
    }
    let mut shown = Map::new();
    for (name, parameter) in declared.into_iter().flatten() {
        let passed = given.as_object().and_then(|all| find(all, name));
        let value = match (passed, &parameter["defaultValue"]) {
            (Some(passed), _) if !passed["value"].is_null() => passed["value"].clone(),
            (None, default) if !default.is_null() => names.value(default, DEPTH)?,
            _ => {
                return Err(format!(
                    "the value for the template parameter '{name}' is not provided"
                ));
            }
        };
        let kind = parameter["type"].as_str().unwrap_or_default();
        let fits = match kind.to_ascii_lowercase().as_str() {
            "string" | "securestring" => value.is_string(),
            "int" => value.is_i64(),
            "bool" => value.is_boolean(),
            "array" => value.is_array(),
            "object" | "secureobject" => value.is_object(),
            _ => false,
        };
        let allowed = parameter["allowedValues"].as_array();
        if !fits || allowed.is_some_and(|all| !all.contains(&value)) {
            return Err(format!(
                "the provided value for the template parameter '{name}' is not valid"
            ));
        }
        let secure = kind.to_ascii_lowercase().starts_with("secure");
        let mut entry = json!({ "type": kind });
        if !secure {
            entry["value"] = value.clone();
        }
        shown.insert(name.clone(), entry);
        names.parameters.insert(name.to_ascii_lowercase(), value);
    }
    Ok(Value::Object(shown))
}

fn find<'a>(all: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut all = all.iter();
    all.find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// A resource with all expressions evaluated; `None` if its condition is false.
fn resource(declared: &Value, names: &Names<'_>) -> Result<Option<Value>, String> {
    for field in ["copy", "existing", "import", "resources"] {
        if !declared[field].is_null() {
            return Err(format!(
                "the sandbox does not support '{field}' of a resource"
            ));
        }
    }
    let made = names.value(declared, DEPTH)?;
    if made["condition"] == json!(false) {
        return Ok(None);
    }
    let kind = made["type"].as_str().unwrap_or(TYPE);
    if !kind.eq_ignore_ascii_case(TYPE) {
        return Err(format!("the sandbox deploys only '{TYPE}', not '{kind}'"));
    }
    if !made["name"].is_string() || !made["location"].is_string() {
        return Err("a resource has no name or location".to_owned());
    }
    Ok(Some(made))
}

impl Names<'_> {
    /// A value with its expressions evaluated.
    fn value(&self, value: &Value, depth: u8) -> Result<Value, String> {
        let depth = depth
            .checked_sub(1)
            .ok_or("the template is nested too deep")?;
        match value {
            Value::Array(all) => all.iter().map(|inner| self.value(inner, depth)).collect(),
            Value::Object(all) => all
                .iter()
                .map(|(name, inner)| Ok((name.clone(), self.value(inner, depth)?)))
                .collect(),
            Value::String(text) => self.text(text, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
        }
    }

    fn text(&self, text: &str, depth: u8) -> Result<Value, String> {
        if let Some(rest) = text.strip_prefix("[[") {
            return Ok(json!(format!("[{rest}")));
        }
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        let Some(inner) = inner else {
            return Ok(json!(text));
        };
        let mut rest = inner;
        let value = self.expression(&mut rest, depth)?;
        if rest.trim().is_empty() {
            return Ok(value);
        }
        Err(format!("the language expression '{text}' is not valid"))
    }

    fn expression(&self, rest: &mut &str, depth: u8) -> Result<Value, String> {
        let depth = depth
            .checked_sub(1)
            .ok_or("the template is nested too deep")?;
        let odd = || "a language expression is not valid".to_owned();
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('\'') {
            let (text, after) = literal(after).ok_or_else(odd)?;
            *rest = after;
            return Ok(json!(text));
        }
        let name = taken(rest);
        if let Ok(number) = name.parse::<i64>() {
            return Ok(json!(number));
        }
        let mut arguments = Vec::new();
        *rest = rest.trim_start().strip_prefix('(').ok_or_else(odd)?;
        while !rest.trim_start().starts_with(')') {
            arguments.push(self.expression(rest, depth)?);
            *rest = rest.trim_start();
            *rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        *rest = rest.trim_start().strip_prefix(')').ok_or_else(odd)?;
        let mut value = self.call(&name, &arguments, depth)?;
        while let Some(after) = rest.strip_prefix('.') {
            *rest = after;
            let field = taken(rest);
            let found = value.as_object().and_then(|all| find(all, &field));
            let missing = || format!("the language expression property '{field}' doesn't exist");
            value = found.cloned().ok_or_else(missing)?;
        }
        Ok(value)
    }

    fn call(&self, name: &str, arguments: &[Value], depth: u8) -> Result<Value, String> {
        let texts: Vec<String> = arguments.iter().map(plain).collect();
        let first = texts.first().map_or("", String::as_str);
        match name.to_ascii_lowercase().as_str() {
            "parameters" => {
                let found = self.parameters.get(&first.to_ascii_lowercase());
                found
                    .cloned()
                    .ok_or_else(|| format!("the template parameter '{first}' is not found"))
            }
            "variables" => {
                let all = self.variables.as_object();
                match all.and_then(|all| find(all, first)) {
                    Some(value) => self.value(value, depth),
                    None => Err(format!("the template variable '{first}' is not found")),
                }
            }
            "resourcegroup" => Ok(json!({
                "id": self.place.group,
                "name": self.place.group.rsplit('/').next(),
                "type": "Microsoft.Resources/resourceGroups",
                "location": self.place.location,
            })),
            "subscription" => Ok(json!({
                "id": format!("/subscriptions/{}", self.place.subscription),
                "subscriptionId": self.place.subscription,
                "tenantId": self.place.tenant,
            })),
            "tenant" => Ok(json!({ "tenantId": self.place.tenant })),
            "deployment" => Ok(json!({ "name": self.place.deployment })),
            "concat" => Ok(json!(texts.concat())),
            "tolower" => Ok(json!(first.to_lowercase())),
            "toupper" => Ok(json!(first.to_uppercase())),
            "format" => {
                let mut text = first.to_owned();
                for (at, value) in texts.iter().skip(1).enumerate() {
                    text = text.replace(&format!("{{{at}}}"), value);
                }
                Ok(json!(text))
            }
            "resourceid" => self.resource_id(&texts),
            other => Err(format!(
                "the sandbox does not support the function '{other}'"
            )),
        }
    }

    /// `resourceId([subscription], [group], type, name, …)`
    fn resource_id(&self, texts: &[String]) -> Result<Value, String> {
        let at = texts.iter().position(|text| text.contains('/'));
        let odd = || "'resourceId' requires one name for each part of the type".to_owned();
        let at = at.ok_or_else(odd)?;
        let (before, path) = texts.split_at(at);
        let (kind, names) = path.split_first().ok_or_else(odd)?;
        let mut parts = kind.split('/');
        let mut id = match before {
            [] => self.place.group.clone(),
            [group] => format!(
                "/subscriptions/{}/resourceGroups/{group}",
                self.place.subscription
            ),
            [subscription, group] => {
                format!("/subscriptions/{subscription}/resourceGroups/{group}")
            }
            _ => return Err(odd()),
        };
        id.push_str(&format!("/providers/{}", parts.next().unwrap_or_default()));
        let parts: Vec<&str> = parts.collect();
        if parts.len() != names.len() {
            return Err(odd());
        }
        for (part, name) in parts.iter().zip(names) {
            id.push_str(&format!("/{part}/{name}"));
        }
        Ok(json!(id))
    }
}

/// Takes a name or a number from the start of `rest`.
fn taken(rest: &mut &str) -> String {
    let text = *rest;
    let inside = |ch: char| ch.is_alphanumeric() || "_-".contains(ch);
    let end = text.find(|ch| !inside(ch)).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    *rest = after;
    name.to_owned()
}

/// A text up to its closing quote, and the rest after it. Two quotes stand for one.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('\'')?;
        out.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                out.push('\'');
                rest = after;
            }
            None => return Some((out, after)),
        }
    }
}

/// A value as text, for use inside another text.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(template: Value, parameters: Value) -> Result<Deployable, String> {
        let place = Place {
            tenant: "t".to_owned(),
            subscription: "s".to_owned(),
            group: "/subscriptions/s/resourceGroups/g".to_owned(),
            location: "westeurope".to_owned(),
            deployment: "d".to_owned(),
        };
        read(
            &json!({ "template": template, "parameters": parameters }),
            &place,
        )
    }

    #[test]
    fn expressions_are_worked_out() {
        let value = |text: &str| {
            let template = json!({
                "parameters": { "Name": { "type": "string", "defaultValue": "it's" } },
                "variables": {
                    "v": "[concat(parameters('name'), '-', 7)]",
                    "w": "[variables('w')]",
                },
                "outputs": { "o": { "type": "string", "value": text } },
            });
            read_with(template, json!({})).map(|made| made.outputs["o"]["value"].clone())
        };
        for (text, expected) in [
            ("plain", "plain"),
            ("[[literal]", "[literal]"),
            ("[resourceGroup().location]", "westeurope"),
            ("[ variables( 'V' ) ]", "it's-7"),
            (
                "[format('{0}/{1}', 'a''b', subscription().subscriptionId)]",
                "a'b/s",
            ),
            (
                "[resourceId('Microsoft.KeyVault/vaults/keys', 'v', toLower('K'))]",
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/keys/k",
            ),
            (
                "[resourceId('x', 'Microsoft.KeyVault/vaults', 'v')]",
                "/subscriptions/s/resourceGroups/x/providers/Microsoft.KeyVault/vaults/v",
            ),
        ] {
            assert_eq!(value(text), Ok(json!(expected)), "{text}");
        }
        for odd in [
            "[variables('w')]",
            "[reference('x')]",
            "[concat('a']",
            "[concat('a') b]",
            "[resourceGroup().nothing]",
            "[parameters('other')]",
            "['open]",
            "[]",
        ] {
            assert!(value(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_is_not_played_is_refused() {
        let declared = json!({ "type": TYPE, "name": "p", "location": "europe" });
        let with = |field: &str, value: Value| {
            let mut declared = declared.clone();
            declared[field] = value;
            read_with(json!({ "resources": [declared] }), json!({}))
        };
        assert_eq!(
            with("tags", json!({})).map(|deployable| deployable.resources.len()),
            Ok(1)
        );
        assert_eq!(
            with("condition", json!(false)).map(|deployable| deployable.resources.len()),
            Ok(0)
        );
        for (field, value) in [
            ("copy", json!({})),
            ("existing", json!(true)),
            ("type", json!("Microsoft.KeyVault/vaults")),
            ("name", json!(7)),
        ] {
            assert!(with(field, value).is_err(), "{field}");
        }
        let declared = json!({ "parameters": { "n": { "type": "int" } } });
        assert!(read_with(declared.clone(), json!({})).is_err());
        assert!(read_with(declared.clone(), json!({ "n": { "value": "7" } })).is_err());
        assert!(read_with(declared.clone(), json!({ "m": { "value": 7 } })).is_err());
        assert!(read_with(declared, json!({ "N": { "value": 7 } })).is_ok());
    }
}
