//! Whom to enroll, and with which secret.

use std::collections::HashSet;
use std::path::Path;

use super::super::{Failure, Session};
use super::args::Args;
use crate::model::UserName;
use crate::sweep::Account;

/// One user, and the existing secret to adopt, if one is named.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Wish {
    pub(crate) user: String,
    pub(crate) secret: Option<String>,
}

/// Reads them from the command line, the file, or the account.
pub(super) async fn wishes(
    args: &Args,
    account: &Account<'_>,
    session: &Session,
) -> Result<Vec<Wish>, Failure> {
    let wishes = match &args.from_csv {
        Some(file) => read_csv(file)?,
        None if args.all => return everybody(account).await,
        None => named(args),
    };
    check(&wishes, session)?;
    Ok(wishes)
}

fn named(args: &Args) -> Vec<Wish> {
    args.user.iter().map(|user| Wish { user: user.clone(), secret: args.secret.clone() }).collect()
}

/// Every user with an active key and no secret. Existing secrets are adopted only one by one.
async fn everybody(account: &Account<'_>) -> Result<Vec<Wish>, Failure> {
    let candidates = account.survey().await?.candidates.into_values();
    let without = candidates.filter(|candidate| candidate.secrets.is_empty() && candidate.triage.active);
    Ok(without.map(|candidate| Wish { user: candidate.user.name.to_string(), secret: None }).collect())
}

fn read_csv(file: &Path) -> Result<Vec<Wish>, Failure> {
    let wrong = |error: csv::Error| Failure::Usage(format!("{}: {error}", file.display()));
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(wrong)?;
    let filled = |wish: Wish| Wish { secret: wish.secret.filter(|secret| !secret.is_empty()), ..wish };
    reader.deserialize().map(|row| row.map(filled).map_err(wrong)).collect()
}

/// A secret holds the keys of one user, and a user's keys are in one secret.
fn check(wishes: &[Wish], session: &Session) -> Result<(), Failure> {
    let (mut users, mut secrets) = (HashSet::new(), HashSet::new());
    for wish in wishes {
        if !users.insert(UserName::new(&wish.user)) {
            return Err(Failure::Usage(format!("user {:?} is named twice. Nothing was changed", wish.user)));
        }
        let Some(secret) = &wish.secret else { continue };
        session.check_secret(secret)?;
        if !secrets.insert(secret) {
            return Err(Failure::Usage(format!(
                "secret {secret:?} is named for more than one user: a secret holds the keys of one. Nothing was \
                 changed"
            )));
        }
    }
    Ok(())
}
