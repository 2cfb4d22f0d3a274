//! Whose keys neither function touches.

use wildmatch::WildMatch;

use super::refuse;
use crate::error::Result;

/// Users that are left alone.
#[derive(Clone, Debug)]
pub struct Exemptions {
    /// `ROTATOR_EXEMPT_USERS`: user names, `*` for any characters.
    pub users: Vec<WildMatch>,
    /// `ROTATOR_EXEMPT_GROUP`: members of this group, which need not exist.
    pub group: Option<String>,
    /// `ROTATOR_EXEMPT_TAG`: users with this tag; its value is the reason.
    pub tag: String,
}

impl Exemptions {
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "ROTATOR_EXEMPT_USERS" => {
                let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
                // IAM's user names are unique without regard to case.
                self.users = names.map(WildMatch::new_case_insensitive).collect();
            }
            "ROTATOR_EXEMPT_GROUP" => self.group = Some(value.to_owned()).filter(|value| !value.is_empty()),
            _ if value.is_empty() => return Err(refuse(name, value, "the key of an IAM user tag")),
            _ => value.clone_into(&mut self.tag),
        }
        Ok(())
    }
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
