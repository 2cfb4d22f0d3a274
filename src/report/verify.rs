//! Checks a chain of reports, from its latest manifest to its first.

use std::path::{Path, PathBuf};

use super::manifest::{Link, Manifest, sha256};

/// Reports of one chain that are followed: a daily one for more than twenty years.
const MOST_LINKS: usize = 10_000;

/// A report that is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its manifest's path.
    pub manifest_path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// A file is not there.
    #[error("{} cannot be read: {problem}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A file that should be a manifest is none.
    #[error("{} is no manifest of a report", path.display())]
    NoManifest {
        /// Which.
        path: PathBuf,
    },
    /// A report is not the one that its manifest was made of.
    #[error("{} was changed: its SHA-256 is {found}, and its manifest says {expected}", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
        /// What its manifest says.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A manifest is not the one that the next one names.
    #[error(
        "{} is not the manifest that the next report names: its SHA-256 is {found}, and {expected} is expected",
        path.display()
    )]
    OtherManifest {
        /// Which.
        path: PathBuf,
        /// What the next manifest says.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The chain does not come to an end.
    #[error("the chain has more than {MOST_LINKS} reports, or goes round")]
    TooLong,
}

/// Checks a report and all before it, latest first; the first thing that is wrong otherwise.
///
/// Earlier manifests and their reports are looked for beside the latest, then in the folders of
/// `also`.
pub fn verify(latest: &Path, also: &[PathBuf]) -> Result<Vec<Checked>, Break> {
    let mut checked = Vec::new();
    let mut path = latest.to_owned();
    let mut expected: Option<String> = None;
    while checked.len() < MOST_LINKS {
        let bytes = read(&path)?;
        let found = sha256(&bytes);
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(Break::OtherManifest { path, expected, found });
        }
        let manifest = Manifest::parse(&bytes).ok_or_else(|| Break::NoManifest { path: path.clone() })?;
        let report = path.with_file_name(&manifest.file);
        let found = sha256(&read(&report)?);
        if found != manifest.sha256 {
            return Err(Break::Changed { path: report, expected: manifest.sha256, found });
        }
        let previous = manifest.previous.clone();
        checked.push(Checked { manifest_path: path.clone(), manifest });
        let Some(Link { file, sha256 }) = previous else { return Ok(checked) };
        path = whereabouts(&path, &file, also);
        expected = Some(sha256);
    }
    Err(Break::TooLong)
}

fn whereabouts(beside: &Path, file: &str, also: &[PathBuf]) -> PathBuf {
    let beside = beside.with_file_name(file);
    let elsewhere = also.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
    if beside.is_file() { beside } else { elsewhere.unwrap_or(beside) }
}

fn read(path: &Path) -> Result<Vec<u8>, Break> {
    std::fs::read(path)
        .map_err(|error| Break::Unreadable { path: path.to_owned(), problem: error.to_string() })
}
