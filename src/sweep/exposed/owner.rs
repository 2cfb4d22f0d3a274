//! Whose an exposed key is, and which secrets hold it.

use std::sync::Arc;

use super::super::account::Account;
use super::super::candidate::{Candidate, Held, note_held};
use crate::aws::{KeyOwner, MOST_PAGES};
use crate::error::{CallError, Result};
use crate::model::{AccessKeyId, SecretState, UserName, UserRef};
use crate::plan::bind_user_by_labels;

/// Every secret of the account. An event may come from anywhere and is rare, so one list is read for it: a key that
/// AWSCURRENT of any secret holds has consumers there.
pub(super) async fn all_secrets(account: &Account<'_>) -> Result<Vec<SecretState>> {
    let (mut all, mut next) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let (page, more) = account.secrets.list(&[], next.take()).await?;
        all.extend(page);
        match more {
            Some(more) => next = Some(more),
            None => return Ok(all),
        }
    }
    Err(CallError::incomplete("secretsmanager:ListSecrets").into())
}

/// Whose key it is. IAM refuses to say of a key that it does not know; then a secret's label may tell, and the user
/// that the event names is asked.
pub(super) async fn owner(
    account: &Account<'_>,
    key: &AccessKeyId,
    secrets: &[SecretState],
    named: Option<&str>,
) -> Result<Option<UserName>> {
    if let KeyOwner::User(name) = account.iam.owner(key).await? {
        return Ok(Some(UserName::new(name)));
    }
    let holders = secrets.iter().filter(|secret| secret.labelled_keys().contains(key));
    if let Some(user) = holders.filter_map(|secret| bound(account, secret)).next() {
        return Ok(Some(user.name));
    }
    let Some(named) = named else { return Ok(None) };
    match account.iam.list_access_keys(named).await {
        Ok(_) => Ok(Some(UserName::new(named))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The user of the account that a secret's tag, name or labels name.
fn bound(account: &Account<'_>, secret: &SecretState) -> Option<UserRef> {
    let template = &account.config.shared.secret_name;
    let user = bind_user_by_labels(secret, template, |_| true)?;
    account.number.as_ref().is_none_or(|number| user.account == *number).then_some(user)
}

/// The user with its secrets, and which secrets hold which keys.
pub(super) async fn candidate(
    account: &Account<'_>,
    name: &UserName,
    secrets: &[SecretState],
) -> Result<Candidate> {
    // The exempt group, and what the search by tag finds: lists by tag and whole lists lag each for themselves.
    let mut candidate = account.tagged_candidate(name).await?;
    let mut held = Held::new();
    for secret in secrets.iter().filter(|secret| secret.deleted.is_none()) {
        note_held(account.config, secret, &mut held);
        let known = candidate.all_secrets().any(|arn| arn == secret.arn);
        let enrolled = account.config.is_enrolled(secret) || account.config.lists(secret);
        if let Some(user) = bound(account, secret).filter(|user| !known && enrolled && user.name == *name) {
            candidate.user = user;
            candidate.add(secret);
        }
    }
    for (key, holders) in candidate.held.iter() {
        let of_key = held.entry(key.clone()).or_default();
        for holder in holders {
            if !of_key.contains(holder) {
                of_key.push(holder.clone());
            }
        }
    }
    candidate.held = Arc::new(held);
    Ok(candidate)
}
