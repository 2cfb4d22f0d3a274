//! Who is left alone, and why.

use std::collections::BTreeMap;

use crate::config::Exemptions;

/// Why a user is left alone; `None` for a user who is not.
///
/// Membership and tags must have been read: what could not be read is no "not exempt".
pub(crate) fn exemption(
    exempt: &Exemptions,
    user: &str,
    in_group: bool,
    tags: &BTreeMap<String, String>,
) -> Option<String> {
    if let Some(pattern) = exempt.users.iter().find(|pattern| pattern.matches(user)) {
        return Some(format!("named by ROTATOR_EXEMPT_USERS ({pattern})"));
    }
    if in_group {
        return Some(format!("in group {}", exempt.group.as_deref().unwrap_or_default()));
    }
    let reason = tags.get(&exempt.tag)?;
    Some(if reason.is_empty() {
        format!("tagged {}, without a reason", exempt.tag)
    } else {
        format!("tagged {}: {reason:?}", exempt.tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wildmatch::WildMatch;

    #[test]
    fn names_groups_and_tags_exempt_and_a_tags_value_is_the_reason() {
        let exempt = Exemptions {
            users: vec![WildMatch::new_case_insensitive("break-glass*")],
            group: Some("G".into()),
            tag: "t".into(),
        };
        let tags = |value: &str| BTreeMap::from([("t".to_owned(), value.to_owned())]);
        let none = BTreeMap::new();
        assert!(exemption(&exempt, "Break-Glass-1", false, &none).is_some());
        assert!(exemption(&exempt, "ci", true, &none).unwrap().contains('G'));
        assert!(exemption(&exempt, "ci", false, &tags("vendor")).unwrap().contains("vendor"));
        assert!(exemption(&exempt, "ci", false, &tags("")).is_some());
        assert_eq!(exemption(&exempt, "ci", false, &none), None);
    }
}
