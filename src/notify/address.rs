//! Whose mailbox.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::mailbox;
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
    let tagged =
        [(TAG_EMAIL, secret_tags.get(TAG_EMAIL)), (&config.email.tag, user_tags.get(&config.email.tag))];
    let domain = config.email.domain.as_ref().map(|domain| format!("{user}@{domain}"));
    for (tag, value) in tagged {
        if let Some(value) = value.filter(|value| mailbox(value).is_none()) {
            tracing::warn!(
                user,
                tag,
                value,
                "the tag holds no mail address; the mail goes where it would without"
            );
        }
    }
    tagged
        .into_iter()
        .filter_map(|(_, value)| value.cloned())
        .chain([user.to_owned()])
        .chain(domain)
        .find_map(|text| mailbox(&text))
        .or_else(|| owner.map(str::to_owned))
        .or_else(|| config.email.admin.clone())
}
