//! The confirmation of a change to many users.

use super::{Failure, Session, Terminal};
use crate::sweep::Account;

/// What a change needs before it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// What is done to them, e.g. `Change`.
    pub(crate) verb: &'static str,
    /// How many users it changes.
    pub(crate) users: usize,
    /// Whether the command line names them. Otherwise they are whoever the account has.
    pub(crate) named: bool,
}

/// Asks for the confirmation: a typed yes for named users; for a whole account its alias or number,
/// which nobody types by habit.
pub(super) async fn confirm(
    scale: Scale,
    account: &Account<'_>,
    session: &Session,
    terminal: &mut Terminal,
) -> Result<bool, Failure> {
    let (verb, users) = (scale.verb, count(scale.users, "user"));
    if !terminal.can_ask() {
        terminal.note(
            "Nothing was changed: stdin is not a terminal, so there is nobody to confirm the plan. Add --yes \
             to run without a confirmation.",
        )?;
        return Ok(false);
    }
    if scale.named {
        return Ok(terminal.agrees(&format!("\n{verb} {users}?"))?);
    }
    let number = session.acts_on();
    // Without the permission, or with a failure, the number serves.
    let alias = account.iam.account_alias().await.ok().flatten();
    let names = match &alias {
        Some(alias) => format!("alias ({alias}) or number ({number})"),
        None => format!("number ({number})"),
    };
    let question = format!("\n{verb} {users} of this account? Type the account's {names} to go on: ");
    let answers: Vec<&str> = alias.as_deref().into_iter().chain([number]).collect();
    Ok(terminal.accepts(&question, &answers)?)
}

/// `1 report is`, `2 reports are`.
pub(super) fn are(many: usize, what: &str) -> String {
    format!("{} {}", count(many, what), if many == 1 { "is" } else { "are" })
}

/// `1 user was`, `2 users were`.
pub(super) fn were(many: usize, what: &str) -> String {
    format!("{} {}", count(many, what), if many == 1 { "was" } else { "were" })
}

/// `1 user`, `2 users`.
pub(super) fn count(many: usize, what: &str) -> String {
    format!("{many} {what}{}", if many == 1 { "" } else { "s" })
}
