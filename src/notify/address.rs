//! Whose mailbox.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::names::TAG_EMAIL;

/// Where a user's mails go: to the secret's tag, the user's tag, a name that is an address, the
/// domain, the account's owner, the administrator; the first of them that there is.
pub(super) fn recipient(
    config: &Config,
    user: &str,
    secret_tags: &BTreeMap<String, String>,
    user_tags: &BTreeMap<String, String>,
    owner: Option<&str>,
) -> Option<String> {
    let tagged = [secret_tags.get(TAG_EMAIL), user_tags.get(&config.email.tag)];
    let domain = config.email.domain.as_ref().map(|domain| format!("{user}@{domain}"));
    let named = [Some(user.to_owned()), domain];
    tagged
        .into_iter()
        .map(|tag| tag.cloned())
        .chain(named)
        .flatten()
        .find(|address| is_address(address))
        .or_else(|| owner.map(str::to_owned))
        .or_else(|| config.email.admin.clone())
}

/// Whether a text can stand as one mail address: no list, no header, no display name. Whether it
/// exists is SES's to find out.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b"<>(),;:\\\"[]@".contains(&b))
    };
    text.len() <= 254
        && plain(local)
        && plain(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_address_is_an_address() {
        for good in ["a@b.c", "ci+x@example.com"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ci",
            "a@b",
            "a@b.c,d@e.f",
            "A <a@b.c>",
            "a@b.c\nBcc: d@e.f",
            "a b@c.d",
            "@b.c",
            "a@.c",
            "a@b.",
            "é@b.c",
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
