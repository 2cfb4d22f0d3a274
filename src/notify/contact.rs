//! Whom a reader of a mail can ask.

use crate::config::Config;

/// The setting, or else the people of the account, whom the reader may know.
pub(super) fn contact(config: &Config, account: &str) -> String {
    let own = config.email.contact.clone();
    own.unwrap_or_else(|| format!("the security team of AWS account {account}"))
}
