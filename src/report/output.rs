//! Files: a report with its manifest, and the reports before it.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use super::evidence::Report;
use super::manifest::{Link, Manifest, SUFFIX, sha256};
use super::{csv, html, json};

/// Manifests that are followed back to one whose report can be read.
const MOST_LOOKS: usize = 100;

/// How a report is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Html,
    /// For spreadsheets: a row a key.
    Csv,
    /// For machines.
    Json,
}

impl Format {
    /// The report in this format.
    pub(crate) fn render(self, report: &Report) -> String {
        match self {
            Self::Html => html(report),
            Self::Csv => csv(report),
            Self::Json => json(report),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub(crate) file: PathBuf,
    /// Its SHA-256, in hexadecimal.
    pub(crate) sha256: String,
    /// Its manifest, and that one's SHA-256: to be kept where the files are not.
    pub manifest: Option<(PathBuf, String)>,
}

/// Writes a report, and with `sign` its manifest, which names `previous`.
///
/// A file that has a manifest is evidence and is never written over. A crash in between leaves a
/// report without a manifest, which the next run may write over.
pub fn write(
    report: &Report,
    format: Format,
    file: &Path,
    sign: bool,
    previous: Option<&Path>,
) -> Result<Written> {
    let no_name = || Error::new(ErrorKind::InvalidInput, "the output names no file");
    let name = file.file_name().and_then(|name| name.to_str()).ok_or_else(no_name)?;
    let manifest_path = manifest_of(file).ok_or_else(no_name)?;
    if manifest_path.exists() {
        let problem = format!("{} has a manifest and is kept as it is; choose another name", file.display());
        return Err(Error::new(ErrorKind::AlreadyExists, problem));
    }
    let link = previous.filter(|_| sign).map(link_to).transpose()?;
    let text = format.render(report);
    put(file, text.as_bytes())?;
    let mut written = Written { file: file.to_owned(), sha256: sha256(text.as_bytes()), manifest: None };
    if sign {
        let manifest = Manifest::new(name, text.as_bytes(), report.account.as_deref(), report.at, link);
        let manifest = manifest.to_json();
        put(&manifest_path, manifest.as_bytes())?;
        written.manifest = Some((manifest_path, sha256(manifest.as_bytes())));
    }
    Ok(written)
}

/// Where a report's manifest is, or would be; `None` for a path that names no file.
pub(crate) fn manifest_of(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?;
    Some(file.with_file_name(format!("{name}{SUFFIX}")))
}

/// The latest manifest in a folder that is about an account.
pub fn latest_manifest(folder: &Path, account: Option<&str>) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let manifests = entries.filter_map(|entry| {
        let path = entry.path();
        path.file_name()?.to_str()?.ends_with(SUFFIX).then_some(())?;
        let manifest = Manifest::parse(&std::fs::read(&path).ok()?)?;
        (manifest.account.as_deref() == account).then_some((manifest.created_at, path))
    });
    manifests.max().map(|(_, path)| path)
}

/// The latest report of a chain that holds its data: a CSV file does not. What does not match its
/// manifest is not believed.
pub fn earlier(latest: &Path) -> Option<Report> {
    let mut path = latest.to_owned();
    for _ in 0..MOST_LOOKS {
        let manifest = Manifest::parse(&std::fs::read(&path).ok()?)?;
        let bytes = std::fs::read(path.with_file_name(&manifest.file)).ok()?;
        if sha256(&bytes) != manifest.sha256 {
            return None;
        }
        if let Some(report) = std::str::from_utf8(&bytes).ok().and_then(Report::parse) {
            return Some(report);
        }
        path = path.with_file_name(manifest.previous?.file);
    }
    None
}

impl Report {
    /// Reads a report back from its JSON, or from the data inside its HTML.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let data = match text.split_once(html::DATA_BEGINS) {
            Some((_, rest)) => rest.split_once("</script>")?.0,
            None => text,
        };
        serde_json::from_str::<Self>(data).ok().filter(|report| report.schema == super::evidence::SCHEMA)
    }
}

fn link_to(manifest: &Path) -> Result<Link> {
    let bytes = std::fs::read(manifest)?;
    let is_manifest = Manifest::parse(&bytes).is_some();
    let name = manifest.file_name().and_then(|name| name.to_str()).filter(|_| is_manifest);
    let problem = || Error::new(ErrorKind::InvalidData, format!("{} is no manifest", manifest.display()));
    Ok(Link { file: name.ok_or_else(problem)?.to_owned(), sha256: sha256(&bytes) })
}

/// Writes a whole file or none of it.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, path)
}
