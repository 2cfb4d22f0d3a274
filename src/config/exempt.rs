//! Whose keys neither function touches.

use wildmatch::WildMatch;

/// Users that are left alone.
#[derive(Clone, Debug)]
pub(crate) struct Exemptions {
    /// `ROTATOR_EXEMPT_USERS`: user names, `*` for any characters.
    pub(crate) users: Vec<WildMatch>,
    /// `ROTATOR_EXEMPT_GROUP`: members of this group, which need not exist.
    pub(crate) group: Option<String>,
    /// `ROTATOR_EXEMPT_TAG`: users with this tag; its value is the reason.
    pub(crate) tag: String,
}

impl Default for Exemptions {
    fn default() -> Self {
        Self {
            users: Vec::new(),
            group: Some("IAMKeyRotationExemptionGroup".into()),
            tag: "iam-key-rotator:exempt".into(),
        }
    }
}
