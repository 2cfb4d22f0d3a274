//! The house stands: no module imports one above it, and no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; each may import what stands before it. `docs/architecture.md` draws it.
const LAYERS: [&str; 15] = [
    "model",
    "error",
    "config",
    "event",
    "plan",
    "defect",
    "telemetry",
    "aws",
    "execute",
    "notify",
    "lambda",
    "rotation",
    "sweep",
    "report",
    "cli",
];

/// A module's path, e.g. `["plan", "sweep"]`; the crate itself is empty.
type Module = Vec<String>;

struct House {
    /// The code of each module's file, without its tests.
    files: BTreeMap<Module, String>,
}

impl House {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = BTreeMap::new();
        for path in rust_files(&root) {
            let relative = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Module =
                relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            let last = module.last().unwrap().clone();
            if module[0] == "bin" || last == "lib" || last.ends_with("tests") {
                continue;
            }
            if last == "mod" {
                module.pop();
            }
            let text = fs::read_to_string(&path).unwrap();
            files.insert(module, without_comments(&without_tests(&text)));
        }
        Self { files }
    }

    /// The modules whose items a module names, by `use` or by a path in its code.
    fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let code = &self.files[module];
        let named = uses(code).into_iter().filter(|(public, _)| !public).map(|(_, path)| path);
        let named = named.chain(paths(code));
        named.filter_map(|path| self.file_of(module, &path)).filter(|file| file != module).collect()
    }

    /// The file that defines what a path names, through re-exports.
    fn file_of(&self, from: &Module, path: &[String]) -> Option<Module> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Module::new(), &path[1..]),
            "self" => (from.clone(), &path[1..]),
            "super" => (from.clone(), path),
            child => {
                let mut module = from.clone();
                module.push(child.to_owned());
                self.files.contains_key(&module).then_some((from.clone(), path))?
            }
        };
        while let [first, after @ ..] = rest
            && first == "super"
        {
            at.pop();
            rest = after;
        }
        while let [first, after @ ..] = rest {
            let mut child = at.clone();
            child.push(first.clone());
            if !self.files.contains_key(&child) {
                break;
            }
            (at, rest) = (child, after);
        }
        let code = self.files.get(&at)?;
        let Some(name) = rest.first() else { return Some(at) };
        let handed_on = uses(code).into_iter().find(|(public, path)| *public && path.last() == Some(name));
        match handed_on {
            Some((_, path)) => self.file_of(&at, &path).or(Some(at)),
            None => Some(at),
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// A module of tests stands at a file's end; one in a file of its own is a line.
fn without_tests(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut lines = text.lines();
    let mut code = Vec::new();
    while let Some(line) = lines.next() {
        match line.trim() {
            "#[cfg(test)]" => drop(lines.next()),
            _ => code.push(line),
        }
    }
    code.join("\n")
}

fn without_comments(code: &str) -> String {
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Every path that a `use` names, and whether it is handed on.
fn uses(code: &str) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let Some(at) = statement.rfind("use ").filter(|at| starts_a_line(statement, *at)) else { continue };
        let line = statement[..at].rsplit('\n').next().unwrap_or_default();
        let tree: String = statement[at + 4..].split_whitespace().collect::<Vec<_>>().join(" ");
        found.extend(branches(&tree).into_iter().map(|path| (line.contains("pub"), path)));
    }
    found
}

fn starts_a_line(statement: &str, at: usize) -> bool {
    let line = statement[..at].rsplit('\n').next().unwrap_or_default().trim();
    line.is_empty() || line.starts_with("pub")
}

/// `a::{b, c::d}` as its paths.
fn branches(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((trunk, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![
            path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect(),
        ];
    };
    let trunk: Vec<String> =
        trunk.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let inner = &inner[..inner.rfind('}').unwrap_or(inner.len())];
    let (mut depth, mut branch, mut parts) = (0, String::new(), Vec::new());
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut branch));
                continue;
            }
            _ => {}
        }
        branch.push(letter);
    }
    parts.push(branch);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| branches(&part))
        .map(|path| {
            trunk.iter().cloned().chain(path).filter(|part| part != "self" || trunk.is_empty()).collect()
        })
        .collect()
}

/// Paths that begin with `crate::`, `super::` or `self::` outside of `use`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let words = code.split(|letter: char| !is_part(letter));
    let is_rooted = |word: &&str| ["crate::", "super::", "self::"].iter().any(|root| word.starts_with(root));
    // What ends so is the trunk of a `use`.
    let rooted = words.filter(is_rooted).filter(|word| !word.ends_with("::"));
    rooted.map(|word| word.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()).collect()
}

#[test]
fn no_module_imports_one_that_stands_above_it() {
    let house = House::read();
    let floor = |module: &Module| {
        let room = module.first().map(String::as_str);
        LAYERS.iter().position(|layer| Some(*layer) == room)
    };
    let known: BTreeSet<&str> =
        house.files.keys().filter_map(|module| module.first()).map(String::as_str).collect();
    assert_eq!(known, LAYERS.into_iter().collect(), "every module has its layer");
    let mut upward = Vec::new();
    for module in house.files.keys() {
        for import in house.imports(module) {
            if floor(&import) > floor(module) {
                upward.push(format!("{} imports {}", module.join("::"), import.join("::")));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let house = House::read();
    let mut waiting: BTreeMap<Module, BTreeSet<Module>> =
        house.files.keys().map(|module| (module.clone(), house.imports(module))).collect();
    assert!(waiting.values().map(BTreeSet::len).sum::<usize>() > 300, "the imports are read");
    // A module that imports none of the others, or that none of the others imports, is taken away; what stays at
    // last is in a circle, or between two.
    loop {
        let imported: BTreeSet<&Module> = waiting.values().flatten().collect();
        let free: Vec<Module> = waiting
            .iter()
            .filter(|(module, imports)| {
                !imported.contains(module) || !imports.iter().any(|import| waiting.contains_key(import))
            })
            .map(|(module, _)| module.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        for module in free {
            waiting.remove(&module);
        }
    }
    let circle: Vec<String> = waiting.keys().map(|module| module.join("::")).collect();
    assert!(circle.is_empty(), "{circle:#?}");
}
