//! A resource as a value, written as Bicep and as Terraform. Both come from the same value, so a
//! property can't have two names.

use super::super::infra::{comment, quoted_bicep, quoted_hcl};

/// A language of infrastructure as code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Azure Bicep.
    Bicep,
    /// Terraform, with import blocks.
    Terraform,
}

/// An expression, in each language.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) bicep: String,
    pub(super) hcl: String,
}

/// A value of a property.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Text(String),
    /// A text with one expression inside.
    Around(String, Code, String),
    Code(Code),
    Yes(bool),
    Number(u32),
    List(Vec<Part>),
    Map(Vec<(&'static str, Part)>),
}

/// Where a resource is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In the resource group with this ARM id, at this location.
    Group(String, Part),
    /// On the vault with this ARM id. Bicep names the vault by its symbol.
    Vault(String, String),
}

/// A resource and its reason, which becomes a comment in the file.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// One sentence a line.
    pub(super) why: Vec<String>,
    /// The name in the file.
    pub(super) symbol: String,
    /// Type and API version.
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) properties: Vec<(&'static str, Part)>,
}

impl Code {
    /// The expression that gives the ARM id of a resource of this file.
    pub(super) fn id(symbol: &str) -> Part {
        Part::Code(Self {
            bicep: format!("{symbol}.id"),
            hcl: format!("azapi_resource.{symbol}.id"),
        })
    }

    /// A parameter of the file.
    pub(super) fn parameter(bicep: &str, hcl: &str) -> Part {
        Part::Code(Self {
            bicep: bicep.to_owned(),
            hcl: format!("var.{hcl}"),
        })
    }
}

/// A text.
pub(super) fn text(text: impl Into<String>) -> Part {
    Part::Text(text.into())
}

impl Language {
    /// The mark of a comment.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Bicep => "//",
            Self::Terraform => "#",
        }
    }

    fn quoted(self, text: &str) -> String {
        match self {
            Self::Bicep => quoted_bicep(text),
            Self::Terraform => quoted_hcl(text),
        }
    }

    fn code(self, code: &Code) -> &str {
        match self {
            Self::Bicep => &code.bicep,
            Self::Terraform => &code.hcl,
        }
    }

    fn assign(self) -> &'static str {
        match self {
            Self::Bicep => ": ",
            Self::Terraform => " = ",
        }
    }

    /// A value. Its lines after the first are indented by `indent` blanks.
    fn value(self, part: &Part, indent: usize) -> String {
        match part {
            Part::Text(text) => self.quoted(text),
            Part::Around(before, code, after) => {
                // Each half is quoted alone. Its first and last character are
                // quotation marks.
                let inner = |text: &str| {
                    let quoted = self.quoted(text);
                    let end = quoted.len().saturating_sub(1);
                    quoted.get(1..end).unwrap_or_default().to_owned()
                };
                let mark = match self {
                    Self::Bicep => '\'',
                    Self::Terraform => '"',
                };
                format!(
                    "{mark}{}${{{}}}{}{mark}",
                    inner(before),
                    self.code(code),
                    inner(after)
                )
            }
            Part::Code(code) => self.code(code).to_owned(),
            Part::Yes(yes) => yes.to_string(),
            Part::Number(number) => number.to_string(),
            Part::List(all) => {
                let comma = match self {
                    Self::Bicep => "",
                    Self::Terraform => ",",
                };
                let mut list = String::from("[\n");
                for part in all {
                    let value = self.value(part, indent + 2);
                    list.push_str(&format!("{:1$}{value}{comma}\n", "", indent + 2));
                }
                list.push_str(&format!("{:indent$}]", ""));
                list
            }
            Part::Map(all) => format!(
                "{{\n{}{:indent$}}}",
                self.fields(all, indent + 2),
                "",
                indent = indent
            ),
        }
    }

    fn fields(self, all: &[(&'static str, Part)], indent: usize) -> String {
        all.iter()
            .map(|(name, part)| {
                let value = self.value(part, indent);
                format!("{:indent$}{name}{}{value}\n", "", self.assign())
            })
            .collect()
    }

    /// A resource, after its reason as comments.
    pub(super) fn resource(self, resource: &Resource) -> String {
        let mut written = String::from("\n");
        for why in &resource.why {
            written.push_str(&format!("{} {}\n", self.mark(), comment(why)));
        }
        let properties = Part::Map(resource.properties.clone());
        let (symbol, kind) = (&resource.symbol, resource.kind);
        let mut fields = Vec::new();
        match self {
            Self::Bicep => {
                fields.push(("name", text(&resource.name)));
                match &resource.place {
                    Place::Group(_, location) => fields.push(("location", location.clone())),
                    Place::Vault(_, vault) => {
                        let (bicep, hcl) = (vault.clone(), String::new());
                        fields.push(("scope", Part::Code(Code { bicep, hcl })));
                    }
                }
                fields.push(("properties", properties));
                written.push_str(&format!("resource {symbol} '{kind}' = {{\n"));
            }
            Self::Terraform => {
                let (parent, location) = match &resource.place {
                    Place::Group(id, location) => (id, Some(location)),
                    Place::Vault(id, _) => (id, None),
                };
                fields.push(("type", text(kind)));
                fields.push(("parent_id", text(parent)));
                fields.push(("name", text(&resource.name)));
                fields.extend(location.map(|location| ("location", location.clone())));
                fields.push(("body", Part::Map(vec![("properties", properties)])));
                written.push_str(&format!("resource \"azapi_resource\" \"{symbol}\" {{\n"));
            }
        }
        written.push_str(&self.fields(&fields, 2));
        written.push_str("}\n");
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_name_are_never_evaluated() {
        let code = Code {
            bicep: "a.b".to_owned(),
            hcl: "x.y".to_owned(),
        };
        let around = Part::Around("it's ${a} \"".to_owned(), code, "%{z}\n".to_owned());
        let texts =
            [Language::Bicep, Language::Terraform].map(|language| language.value(&around, 0));
        assert_eq!(texts[0], r#"'it\'s \${a} "${a.b}%{z} '"#);
        assert_eq!(texts[1], r#""it's $${a} \"${x.y}%%{z} ""#);
    }
}
