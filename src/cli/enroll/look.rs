//! Reads what a user's enrollment is planned from.

use std::collections::BTreeMap;

use super::super::Failure;
use super::request::Request;
use crate::error::CallError;
use crate::model::SecretState;
use crate::plan::enroll::{EnrollView, Enroller, Enrollment, Existing};
use crate::sweep::{Account, Candidate};

/// Reads a user's state, as far as the plan needs it, and plans.
pub(super) async fn plan(
    enroller: Enroller<'_>,
    account: &Account<'_>,
    request: &Request,
) -> Result<Enrollment, Failure> {
    let named = request.secret.as_deref();
    let mut view = EnrollView {
        user: account.named(&request.user),
        keys: None,
        tags: BTreeMap::new(),
        in_exempt_group: false,
        enrolled: Vec::new(),
        tagged: Vec::new(),
        existing: None,
    };
    if enroller.unusable(&view.user).is_some() {
        return Ok(enroller.plan(&view, named));
    }
    let candidate = account.candidate(&request.user).await?;
    view.user = candidate.user.clone();
    view.in_exempt_group = candidate.in_exempt_group;
    view.keys = CallError::if_found(account.iam.list_access_keys(&request.user).await)?;
    if view.keys.is_none() {
        return Ok(enroller.plan(&view, named));
    }
    view.tags = account.iam.user_tags(&request.user).await?;
    if enroller.exempt(&view).is_none() {
        read_secrets(enroller, account, &candidate, &mut view).await?;
        view.existing = match named {
            Some(named) => read_named(enroller, account, named, &view).await?,
            None => read_own(enroller, account, &view).await?,
        };
    }
    Ok(enroller.plan(&view, named))
}

async fn read_secrets(
    enroller: Enroller<'_>,
    account: &Account<'_>,
    candidate: &Candidate,
    view: &mut EnrollView,
) -> Result<(), Failure> {
    for arn in &candidate.secrets {
        let secret = account.secrets.describe(arn).await?;
        if enroller.is_enrolled(&secret) {
            view.enrolled.push(secret);
        }
    }
    view.tagged.clone_from(&candidate.not_enrolled);
    Ok(())
}

/// The secret that the operator names; who reads it and since when it exists, where it would become the user's.
async fn read_named(
    enroller: Enroller<'_>,
    account: &Account<'_>,
    named: &str,
    view: &EnrollView,
) -> Result<Option<Existing>, Failure> {
    let Some(secret) = CallError::if_found(account.secrets.describe(named).await)? else { return Ok(None) };
    let mut existing = Existing::of(secret);
    if enroller.is_adoptable(view, &existing.secret) {
        existing.policy = Some(account.secrets.policy(&existing.secret.arn).await?);
        existing.created = existing.secret.created;
    }
    Ok(Some(existing))
}

/// The secret with the name that the user's would get, where no other is the user's.
async fn read_own(
    enroller: Enroller<'_>,
    account: &Account<'_>,
    view: &EnrollView,
) -> Result<Option<Existing>, Failure> {
    if !view.enrolled.is_empty() || !view.tagged.is_empty() {
        return Ok(None);
    }
    let name = account.config.shared.secret_name_of(&view.user);
    let Some(secret) = CallError::if_found(account.secrets.describe(&name).await)? else { return Ok(None) };
    let mut existing = Existing::of(secret);
    // Under names that are anybody's, anybody could imitate a creation of ours.
    let ours = account.config.shared.has_own_names() && existing.secret.deleted.is_none();
    if ours && enroller.is_bound(&view.user, &existing.secret) && !enroller.is_enrolled(&existing.secret) {
        existing.is_own_creation = account.is_own_creation(&view.user, &existing.secret).await?;
    }
    Ok(Some(existing))
}

impl Existing {
    fn of(secret: SecretState) -> Self {
        Self { secret, is_own_creation: false, policy: None, created: None }
    }
}
