//! What binds a report to the ones before it: a digest of the file, and of the manifest before.
//!
//! It is no signature: who can change every file of a chain can make a new chain. Whoever keeps the
//! digest of the latest manifest elsewhere can tell.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The shape of a manifest.
const SCHEMA: u32 = 1;
/// What a manifest's name ends with, after the report's own name.
pub(super) const SUFFIX: &str = ".manifest.json";

/// The manifest of one report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The shape of this document.
    pub(crate) schema: u32,
    /// The report's file name; it lies beside the manifest.
    pub file: String,
    pub(crate) size: u64,
    /// Its SHA-256, in hexadecimal.
    pub(crate) sha256: String,
    /// The account that the report is about.
    pub(crate) account: Option<String>,
    /// When the report was made.
    pub(crate) created_at: Timestamp,
    /// The version of this program.
    pub(crate) tool: String,
    /// The manifest before this one; none: the chain begins here.
    pub(crate) previous: Option<Link>,
}

/// A manifest that another one names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Link {
    /// Its file name.
    pub(crate) file: String,
    /// Its SHA-256, in hexadecimal.
    pub(crate) sha256: String,
}

impl Manifest {
    /// The manifest of a report's bytes.
    pub(crate) fn new(
        file: &str,
        bytes: &[u8],
        account: Option<&str>,
        created_at: Timestamp,
        previous: Option<Link>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            file: file.to_owned(),
            size: bytes.len() as u64,
            sha256: sha256(bytes),
            account: account.map(str::to_owned),
            created_at,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            previous,
        }
    }

    /// Reads a manifest; `None` if it is none, or names a file that does not lie beside it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let manifest: Self = serde_json::from_slice(bytes).ok()?;
        let names = [Some(&manifest.file), manifest.previous.as_ref().map(|link| &link.file)];
        let bare = |name: &String| !name.is_empty() && !name.contains(['/', '\\', '\0']) && name != "..";
        (manifest.schema == SCHEMA && names.into_iter().flatten().all(bare)).then_some(manifest)
    }

    /// The manifest as it is written.
    pub(crate) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let previous = Link { file: "a.html.manifest.json".into(), sha256: sha256(b"") };
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Manifest::new("b.html", b"abc", Some("111122223333"), at, Some(previous))
    }

    #[test]
    fn it_names_the_files_digest_as_every_other_tool_does() {
        let manifest = manifest();
        assert_eq!(manifest.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Manifest::parse(manifest.to_json().as_bytes()), Some(manifest));
    }

    #[test]
    fn one_that_points_out_of_its_folder_is_none() {
        for name in ["../b.html", "/etc/passwd", "..", "", "x\\y"] {
            assert_eq!(
                Manifest::parse(Manifest { file: name.into(), ..manifest() }.to_json().as_bytes()),
                None
            );
        }
        assert_eq!(Manifest::parse(b"{}"), None);
        assert_eq!(
            Manifest::parse(manifest().to_json().replace("\"schema\": 1", "\"schema\": 2").as_bytes()),
            None
        );
    }
}
