//! Finds which source file names which. It reads paths and `use` lines as tokens, and follows
//! re-exports to the defining file.

use crate::house::Source;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// Segments of a path from the crate's root.
type Path = Vec<String>;

/// The declarations and names of a file.
struct Module {
    path: Path,
    /// Names that a `use` line binds, with their targets.
    bound: BTreeMap<String, Path>,
    /// Modules that a `use` line imports with `*`.
    globs: Vec<Path>,
    /// Paths in code, and targets of private `use` lines.
    named: Vec<Path>,
    /// Re-exports, which count as used only if the name occurs in the file's code.
    offered: Vec<(String, Path)>,
    /// Names of items that this file defines.
    defined: BTreeSet<String>,
    words: BTreeSet<String>,
}

/// The files of a crate, and which file uses which.
pub(crate) struct Imports {
    modules: Vec<Module>,
}

/// A leaf of a `use` tree: the path and its local name (`*` for everything).
type Leaf = (Path, String);

impl Imports {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let paths: BTreeSet<Path> = sources.iter().map(|source| source.module.clone()).collect();
        let modules = sources.iter().map(|source| {
            let tokens = source.rooted().parse::<TokenStream>();
            let tokens = tokens.unwrap_or_else(|error| panic!("{}: {error}", source.name));
            let mut reading = Reading {
                paths: &paths,
                module: Module::empty(&source.module),
            };
            reading.code(tokens, &source.module);
            reading.module
        });
        Self {
            modules: modules.collect(),
        }
    }

    fn at(&self, path: &[String]) -> Option<usize> {
        self.modules.iter().position(|module| module.path == path)
    }

    /// The file that defines the target of a path. `None` for a whole module, which uses nothing in
    /// it, and for foreign crates.
    fn file(&self, path: &[String], depth: usize) -> Option<usize> {
        let here = (0..=path.len())
            .rev()
            .find_map(|end| Some((self.at(&path[..end])?, end)));
        let (module, end) = here?;
        let (Some(name), true) = (path.get(end), depth < 16) else {
            return None;
        };
        let follow = |target: &Path| {
            let longer: Path = target.iter().chain(&path[end + 1..]).cloned().collect();
            self.file(&longer, depth + 1)
        };
        let found = &self.modules[module];
        if found.defined.contains(name) {
            return Some(module);
        }
        if let Some(target) = found
            .bound
            .get(name)
            .filter(|target| target[..] != path[..=end])
        {
            return follow(target);
        }
        let in_glob = found.globs.iter().find_map(|glob| {
            let longer: Path = glob.iter().chain(&path[end..]).cloned().collect();
            let module = self.file(&longer, depth + 1)?;
            self.modules[module]
                .defined
                .contains(name)
                .then_some(module)
        });
        in_glob.or(Some(module))
    }

    /// The files that each file uses.
    pub(crate) fn arrows(&self) -> Vec<BTreeSet<usize>> {
        let of = |(number, module): (usize, &Module)| {
            let offered = module
                .offered
                .iter()
                .filter(|(name, _)| module.words.contains(name));
            let paths = module.named.iter().chain(offered.map(|(_, path)| path));
            paths
                .filter_map(|path| self.file(path, 0))
                .filter(|other| *other != number)
                .collect()
        };
        self.modules.iter().enumerate().map(of).collect()
    }

    /// A shortest loop through each file, each loop once.
    pub(crate) fn loops(&self) -> Vec<Vec<String>> {
        let arrows = self.arrows();
        let mut told = BTreeSet::new();
        let mut loops = Vec::new();
        for start in 0..arrows.len() {
            let Some(way) = way_back(&arrows, start).filter(|_| !told.contains(&start)) else {
                continue;
            };
            told.extend(way.iter().copied());
            loops.push(way.iter().map(|file| self.name(*file)).collect());
        }
        loops
    }

    pub(crate) fn name(&self, file: usize) -> String {
        self.modules[file].path.join("::")
    }
}

fn way_back(arrows: &[BTreeSet<usize>], start: usize) -> Option<Vec<usize>> {
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut next = vec![start];
    while !next.is_empty() {
        let mut later = Vec::new();
        for file in next {
            for other in &arrows[file] {
                if *other == start {
                    let mut way = vec![start, file];
                    while let Some(before) = from.get(way.last()?) {
                        way.push(*before);
                    }
                    way.reverse();
                    way.dedup();
                    return Some(way);
                }
                if !from.contains_key(other) {
                    from.insert(*other, file);
                    later.push(*other);
                }
            }
        }
        next = later;
    }
    None
}

impl Module {
    fn empty(path: &Path) -> Self {
        Self {
            path: path.clone(),
            bound: BTreeMap::new(),
            globs: Vec::new(),
            named: Vec::new(),
            offered: Vec::new(),
            defined: BTreeSet::new(),
            words: BTreeSet::new(),
        }
    }
}

/// Keywords that precede an item's name.
const ITEMS: [&str; 8] = [
    "struct",
    "enum",
    "trait",
    "type",
    "fn",
    "const",
    "static",
    "macro_rules",
];

struct Reading<'a> {
    paths: &'a BTreeSet<Path>,
    module: Module,
}

impl Reading<'_> {
    /// Reads tokens. `here` is the module for `self` and `super`.
    fn code(&mut self, tokens: TokenStream, here: &Path) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut place = 0;
        let mut public = false;
        while let Some(token) = tokens.get(place) {
            if is_test(&tokens, place) {
                place = after_item(&tokens, place);
                continue;
            }
            let word = word(token);
            match word.as_deref() {
                // `pub(in path)` sets visibility and uses nothing.
                Some("pub") => {
                    public = true;
                    let bounds = group(&tokens, place + 1, Delimiter::Parenthesis);
                    place += 1 + usize::from(bounds);
                    continue;
                }
                Some("use") => {
                    let end = (place..tokens.len())
                        .find(|at| is(&tokens, *at, ';'))
                        .unwrap_or(tokens.len());
                    let mut leaves = Vec::new();
                    tree(&tokens[place + 1..end], &Vec::new(), &mut leaves);
                    leaves
                        .into_iter()
                        .for_each(|leaf| self.bind(leaf, public, here));
                    place = end;
                }
                Some("mod") if matches!(tokens.get(place + 2), Some(TokenTree::Group(_))) => {
                    let name = word_at(&tokens, place + 1).unwrap_or_default();
                    if let Some(TokenTree::Group(group)) = tokens.get(place + 2) {
                        let inner = here.iter().cloned().chain([name]).collect();
                        self.code(group.stream(), &inner);
                    }
                    place += 2;
                }
                Some(first) if starts_path(&tokens, place) => {
                    let (path, end) = path(&tokens, place);
                    if let Some(path) = self.rooted(&path, here) {
                        self.module.named.push(path);
                    }
                    self.module.words.insert(first.to_owned());
                    place = end;
                    continue;
                }
                Some(one) => {
                    if ITEMS.contains(&one)
                        && let Some(name) =
                            word_at(&tokens, place + 1).or_else(|| word_at(&tokens, place + 2))
                    {
                        self.module.defined.insert(name);
                    }
                    self.module.words.insert(one.to_owned());
                }
                None => {
                    if let TokenTree::Group(group) = token {
                        self.code(group.stream(), here);
                    }
                }
            }
            public = false;
            place += 1;
        }
    }

    fn bind(&mut self, (path, name): Leaf, public: bool, here: &Path) {
        let Some(path) = self.rooted(&path, here) else {
            return;
        };
        if name == "*" {
            if !public {
                self.module
                    .named
                    .push(path.iter().cloned().chain([name]).collect());
            }
            self.module.globs.push(path);
            return;
        }
        if public {
            self.module.offered.push((name.clone(), path.clone()));
        } else {
            self.module.named.push(path.clone());
        }
        self.module.bound.insert(name, path);
    }

    /// A path of this crate from its root; `None` for other crates.
    fn rooted(&self, path: &[String], here: &Path) -> Option<Path> {
        let mut at = here.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" | "cmkctl" => (at, rest) = (Path::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            name => {
                let child: Path = here.iter().cloned().chain([name.to_owned()]).collect();
                if let Some(bound) = self.module.bound.get(name) {
                    (at, rest) = (bound.clone(), &path[1..]);
                } else if !self.paths.contains(&child) {
                    return None;
                }
            }
        }
        Some(at.into_iter().chain(rest.iter().cloned()).collect())
    }
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

fn word_at(tokens: &[TokenTree], place: usize) -> Option<String> {
    tokens.get(place).and_then(word)
}

fn is(tokens: &[TokenTree], place: usize, sign: char) -> bool {
    matches!(tokens.get(place), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn group(tokens: &[TokenTree], place: usize, delimiter: Delimiter) -> bool {
    matches!(tokens.get(place), Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn joined(tokens: &[TokenTree], place: usize) -> bool {
    is(tokens, place, ':') && is(tokens, place + 1, ':')
}

fn starts_path(tokens: &[TokenTree], place: usize) -> bool {
    joined(tokens, place + 1) && !(place >= 2 && joined(tokens, place - 2))
}

/// Is this `#[cfg(test)]`? Tests are not part of the program.
fn is_test(tokens: &[TokenTree], place: usize) -> bool {
    is(tokens, place, '#')
        && matches!(tokens.get(place + 1),
            Some(TokenTree::Group(group)) if group.to_string().replace(' ', "") == "[cfg(test)]")
}

/// The end of the item at `place`: after its body or its semicolon.
fn after_item(tokens: &[TokenTree], place: usize) -> usize {
    let ends = |at: &usize| {
        is(tokens, *at, ';')
            || matches!(tokens.get(*at),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
    };
    (place..tokens.len())
        .find(ends)
        .map_or(tokens.len(), |end| end + 1)
}

/// The path in code at `place`, and its end.
fn path(tokens: &[TokenTree], place: usize) -> (Path, usize) {
    let mut path: Path = word_at(tokens, place).into_iter().collect();
    let mut end = place + 1;
    while joined(tokens, end)
        && let Some(word) = word_at(tokens, end + 2)
    {
        path.push(word);
        end += 3;
    }
    (path, end)
}

/// The leaves of a `use` tree.
fn tree(tokens: &[TokenTree], before: &Path, leaves: &mut Vec<Leaf>) {
    let commas = |at: &usize| is(tokens, *at, ',');
    if let Some(comma) = (0..tokens.len()).find(commas) {
        tree(&tokens[..comma], before, leaves);
        return tree(&tokens[comma + 1..], before, leaves);
    }
    if tokens.is_empty() {
        return;
    }
    let mut path = before.clone();
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        match token {
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                return tree(&inner, &path, leaves);
            }
            TokenTree::Punct(punct) if punct.as_char() == '*' => {
                return leaves.push((path, "*".to_owned()));
            }
            TokenTree::Ident(ident) if ident == "as" => {
                return leaves.push((path, word_at(tokens, place + 1).unwrap_or_default()));
            }
            TokenTree::Ident(ident) if ident == "self" && !path.is_empty() => {}
            TokenTree::Ident(ident) => path.push(ident.to_string()),
            _ => {}
        }
        place += 1;
    }
    let name = path.last().cloned().unwrap_or_default();
    leaves.push((path, name));
}
