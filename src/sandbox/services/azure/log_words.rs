//! The expressions of the supported query language of Log Analytics.

use std::iter::Peekable;
use std::vec::IntoIter;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Text(String),
    Null,
    Column(String),
    Member(Box<Expression>, String),
    Call(String, Vec<Expression>),
    And(Box<Expression>, Box<Expression>),
    Same(Box<Expression>, Box<Expression>),
    Alike(Box<Expression>, Box<Expression>),
    Contains(Box<Expression>, Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// The parts of a text between a mark, outside of quotation marks and brackets.
pub(super) fn parts(text: &str, mark: char) -> Vec<&str> {
    let (mut all, mut begin, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0, false, false);
    for (at, ch) in text.char_indices() {
        match ch {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ch if ch == mark && !quoted && depth == 0 => {
                all.push(text.get(begin..at).unwrap_or_default());
                begin = at + ch.len_utf8();
            }
            _ => {}
        }
    }
    all.push(text.get(begin..).unwrap_or_default());
    all
}

/// Reads an expression.
///
/// # Errors
/// The part that is not supported.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut words = words(text)?.into_iter().peekable();
    let read = conjunction(&mut words)?;
    match words.next() {
        None => Ok(read),
        Some(word) => Err(format!("{word:?} is not expected")),
    }
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut all = Vec::new();
    let mut signs = text.chars().peekable();
    while let Some(ch) = signs.next() {
        match ch {
            ch if ch.is_whitespace() => {}
            '\'' => {
                let mut inner = String::new();
                loop {
                    match signs.next().ok_or("a text has no closing quotation mark")? {
                        '\'' => break,
                        '\\' => inner.extend(signs.next()),
                        other => inner.push(other),
                    }
                }
                all.push(Word::Text(inner));
            }
            '(' => all.push(Word::Sign("(")),
            ')' => all.push(Word::Sign(")")),
            ',' => all.push(Word::Sign(",")),
            '.' => all.push(Word::Sign(".")),
            '=' if signs.next_if_eq(&'=').is_some() => all.push(Word::Sign("==")),
            '=' if signs.next_if_eq(&'~').is_some() => all.push(Word::Sign("=~")),
            ch if ch.is_ascii_alphabetic() || ch == '_' => {
                let mut name = ch.to_string();
                while let Some(more) = signs.next_if(|ch| ch.is_ascii_alphanumeric() || *ch == '_')
                {
                    name.push(more);
                }
                all.push(Word::Name(name));
            }
            other => return Err(format!("'{other}' is not supported here")),
        }
    }
    Ok(all)
}

type Words = Peekable<IntoIter<Word>>;

fn conjunction(words: &mut Words) -> Result<Expression, String> {
    let mut left = comparison(words)?;
    while words.next_if_eq(&Word::Name("and".to_owned())).is_some() {
        left = Expression::And(Box::new(left), Box::new(comparison(words)?));
    }
    Ok(left)
}

fn comparison(words: &mut Words) -> Result<Expression, String> {
    let left = Box::new(member(words)?);
    let makes: fn(Box<Expression>, Box<Expression>) -> Expression = match words.peek() {
        Some(Word::Sign("==")) => Expression::Same,
        Some(Word::Sign("=~")) => Expression::Alike,
        Some(Word::Name(name)) if name == "contains" => Expression::Contains,
        Some(Word::Name(name)) if name == "in" => {
            words.next();
            return match words.next() {
                Some(Word::Sign("(")) => Ok(Expression::In(left, list(words)?)),
                _ => Err("'in' has no list".to_owned()),
            };
        }
        _ => return Ok(*left),
    };
    words.next();
    Ok(makes(left, Box::new(member(words)?)))
}

fn member(words: &mut Words) -> Result<Expression, String> {
    let mut inner = match words.next() {
        Some(Word::Text(text)) => Expression::Text(text),
        Some(Word::Name(name)) if name == "null" => Expression::Null,
        Some(Word::Name(name)) if words.next_if_eq(&Word::Sign("(")).is_some() => {
            Expression::Call(name, list(words)?)
        }
        Some(Word::Name(name)) => Expression::Column(name),
        other => return Err(format!("{other:?} is not expected")),
    };
    while words.next_if_eq(&Word::Sign(".")).is_some() {
        match words.next() {
            Some(Word::Name(name)) => inner = Expression::Member(Box::new(inner), name),
            other => return Err(format!("{other:?} is not a name")),
        }
    }
    Ok(inner)
}

/// Reads a list up to its closing bracket.
fn list(words: &mut Words) -> Result<Vec<Expression>, String> {
    let mut all = Vec::new();
    if words.next_if_eq(&Word::Sign(")")).is_some() {
        return Ok(all);
    }
    loop {
        all.push(conjunction(words)?);
        match words.next() {
            Some(Word::Sign(",")) => {}
            Some(Word::Sign(")")) => return Ok(all),
            other => return Err(format!("{other:?} is not expected in a list")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_inside_a_text_or_a_bracket_does_not_part() {
        assert_eq!(parts("a | b('|') | c", '|'), ["a ", " b('|') ", " c"]);
        assert_eq!(
            parts(r"'it\'s, x', f(a, b)", ','),
            [r"'it\'s, x'", " f(a, b)"]
        );
    }

    #[test]
    fn an_expression_is_read_in_its_order() {
        let text = r"f(a.b, 'it\'s') == 'x' and c in ('y')";
        let Ok(Expression::And(left, right)) = parse(text) else {
            panic!("{text}")
        };
        assert!(matches!(*left, Expression::Same(_, _)), "{left:?}");
        assert!(matches!(*right, Expression::In(_, _)), "{right:?}");
        for odd in ["", "a ==", "a b", "f(", "a in 'x'", "'x", "a + b"] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }
}
