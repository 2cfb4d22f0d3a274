//! What one user's plan is made from, read afresh.

use std::collections::BTreeMap;

use futures_util::future::{join, join3, try_join_all};

use super::account::Account;
use super::candidate::Candidate;
use crate::config::Mode;
use crate::error::{CallError, Error, Result};
use crate::model::names::TAG_USER;
use crate::model::{AccessKey, Claims, Ledger, OtherSecret, SecretState, UserRef, fits_a_secret_name};
use crate::plan::sweep::{FleetAction, SeenPolicy, Standing, UserView, is_guarded};
use crate::plan::{Change, Planned, bind_user_by_labels};

/// What IAM and Secrets Manager say of a user.
struct Read {
    user: UserRef,
    secret: Option<SecretState>,
    missing: bool,
    keys: Vec<AccessKey>,
    tags: BTreeMap<String, String>,
    rivals: Vec<String>,
    strange: Vec<String>,
}

impl Account<'_> {
    /// Reads all of one user afresh. A read that fails is a failure, never "no keys", "never used"
    /// or "not exempt".
    ///
    /// IAM's lists still show a key for seconds after it was deleted, but its last use can no longer
    /// be asked for; so what is `done` to it is known better.
    pub(super) async fn look(
        &self,
        candidate: &Candidate,
        done: &[Planned<FleetAction>],
    ) -> Result<UserView> {
        let mut read = self.read(candidate).await?;
        read.keys.retain(|key| {
            let deleted = FleetAction::from(Change::DeleteKey { key: key.id.clone() });
            !done.iter().any(|planned| planned.action == deleted)
        });
        let uses = try_join_all(read.keys.iter().map(|key| self.iam.last_use(&key.id))).await?;
        for (key, last_use) in read.keys.iter_mut().zip(uses) {
            key.last_use = Some(last_use);
        }
        let now = self.now();
        let mut view = UserView {
            now,
            user: read.user,
            tags: read.tags,
            in_exempt_group: candidate.in_exempt_group,
            missing: read.missing,
            keys: read.keys,
            ledger: Ledger::of(None, now),
            secret: None,
            standing: Standing::default(),
            name_taken: false,
            rivals: read.rivals,
            strange: read.strange,
            not_enrolled: unbound_names(candidate),
            claims: Claims::default(),
            policy: SeenPolicy::Unread,
        };
        self.place_secret(candidate, read.secret, &mut view).await?;
        view.claims.others = others(candidate, &view);
        view.policy = self.see_policy(&view).await?;
        Ok(view)
    }

    /// The user, its keys and the secret that a tag, or its name, gives to it.
    async fn read(&self, candidate: &Candidate) -> Result<Read> {
        let mut user = candidate.user.clone();
        // Where names are not the sweep's own, its role may describe enrolled secrets alone.
        let own_name =
            || self.config.shared.has_own_names().then(|| self.config.shared.secret_name_of(&user));
        let by_name = || own_name().filter(|name| fits_a_secret_name(name));
        let secret_id = candidate.secrets.first().cloned().or_else(by_name);
        let secret = async {
            match &secret_id {
                Some(id) => CallError::if_found(self.secrets.describe(id).await),
                None => Ok(None),
            }
        };
        let (keys, tags) = (self.iam.list_access_keys(&user.name), self.iam.user_tags(&user.name));
        let (secret, keys, tags) = join3(secret, keys, tags).await;
        let (mut secret, mut keys, mut tags) =
            (secret?, CallError::if_found(keys)?, CallError::if_found(tags)?);
        let (own, strange) = own_secret(candidate, keys.as_deref().unwrap_or_default());
        if own != candidate.secrets.first()
            && let Some(arn) = own
        {
            secret = CallError::if_found(self.secrets.describe(arn).await)?;
        }
        if let (None, Some(secret)) = (&keys, &secret)
            && let Some(name) = self.iam.owner_of_labels(secret).await?
        {
            // IAM does not know the user, and its secret's keys are another's: it was renamed.
            user = user.renamed(name);
            let (renamed, its) =
                join(self.iam.list_access_keys(&user.name), self.iam.user_tags(&user.name)).await;
            (keys, tags) = (CallError::if_found(renamed)?, CallError::if_found(its)?);
        }
        let is_rival = |arn: &&String| Some(*arn) != own && !strange.contains(arn);
        Ok(Read {
            user,
            secret,
            missing: keys.is_none() || tags.is_none(),
            keys: keys.unwrap_or_default(),
            tags: tags.unwrap_or_default(),
            rivals: candidate.secrets.iter().filter(is_rival).cloned().collect(),
            strange: strange.into_iter().cloned().collect(),
        })
    }

    /// Whether the secret has a right to the user's keys, and by what; if not, whether it stands where the
    /// user's would be. Lists lag behind, so a secret that was just created for the user, or enrolled, may
    /// not have been in them.
    async fn place_secret(
        &self,
        candidate: &Candidate,
        secret: Option<SecretState>,
        view: &mut UserView,
    ) -> Result<()> {
        let Some(secret) = secret else { return Ok(()) };
        let by_list = !candidate.secrets.is_empty() && self.config.lists(&secret);
        let bound = bind_user_by_labels(&secret, &self.config.shared.secret_name, |_| true);
        let is_users = bound.is_some_and(|bound| candidate.user.is(&bound.arn()));
        let standing = if by_list && !self.config.is_enrolled(&secret) {
            Some(Standing::Listed)
        } else if by_list || is_users && (secret.deleted.is_some() || self.config.is_enrolled(&secret)) {
            Some(Standing::Enrolled)
        } else if is_users && self.may_be_finished(&candidate.user, &secret).await? {
            Some(Standing::Created)
        } else {
            None
        };
        match standing {
            Some(standing) => {
                view.ledger = Ledger::of(Some(&secret), view.now);
                view.standing = standing;
                view.secret = Some(secret);
            }
            None if is_users && secret.rotation_function.is_none() && secret.tags.contains_key(TAG_USER) => {
                if !view.not_enrolled.contains(&secret.name) {
                    view.not_enrolled.push(secret.name);
                }
            }
            None => view.name_taken = true,
        }
        Ok(())
    }

    async fn see_policy(&self, view: &UserView) -> Result<SeenPolicy> {
        let guarded = |secret: &&SecretState| is_guarded(self.config, &view.user, secret);
        let Some(secret) = view.secret.as_ref().filter(guarded) else { return Ok(SeenPolicy::Unread) };
        match self.secrets.policy(&secret.arn).await {
            Ok(None) => Ok(SeenPolicy::Absent),
            Ok(Some(_)) => Ok(SeenPolicy::Present),
            // An audit may not read policies.
            Err(error) if error.is_denied() && self.config.mode == Mode::Audit => Ok(SeenPolicy::Unread),
            Err(error) => Err(error.into()),
        }
    }

    /// An audit, which changes nothing, may not read policies: it says what would be done if the policy is
    /// as it was left.
    async fn may_be_finished(&self, user: &UserRef, secret: &SecretState) -> Result<bool> {
        // Where the sweep creates nothing, it may read no policy and finishes nothing.
        if self.config.mode == Mode::Retire {
            return Ok(self.looks_created(user, secret));
        }
        match self.is_own_creation(user, secret).await {
            Err(Error::AccessDenied { .. }) if self.config.mode == Mode::Audit => Ok(true),
            result => result,
        }
    }
}

/// Which of the secrets that a tag binds to the user is the user's, and which hold somebody else's keys as their
/// labels tell. Where all of them do, the user's keys are gone, and the first one stays the user's.
fn own_secret<'c>(candidate: &'c Candidate, keys: &[AccessKey]) -> (Option<&'c String>, Vec<&'c String>) {
    let (strange, own): (Vec<_>, Vec<_>) =
        candidate.secrets.iter().partition(|arn| candidate.is_strange(arn, keys));
    match own.first() {
        Some(first) => (Some(*first), strange),
        None => (candidate.secrets.first(), Vec::new()),
    }
}

/// Names of the secrets that are tagged with the user and not enrolled. One that rotates with another function is
/// another's: a second stack's, for example.
pub(super) fn unbound_names(candidate: &Candidate) -> Vec<String> {
    let unbound = candidate.not_enrolled.iter().filter(|secret| secret.rotation_function.is_none());
    unbound.map(|secret| secret.name.clone()).collect()
}

/// Other secrets whose AWSCURRENT may hold a key of the user: those whose label is one of the keys, and those that
/// are tagged with the user and have no label.
pub(super) fn others(candidate: &Candidate, view: &UserView) -> Vec<OtherSecret> {
    let own = view.secret.as_ref().map(|secret| secret.arn.as_str());
    let labelled =
        view.keys.iter().flat_map(|key| candidate.held.get(&key.id).into_iter().flatten().cloned());
    let unlabelled = candidate.not_enrolled.iter().filter_map(|secret| {
        let unknown = secret.current().is_some_and(|version| version.key.is_none());
        unknown.then(|| OtherSecret { arn: secret.arn.clone(), key: None, enrolled: false })
    });
    labelled.chain(unlabelled).filter(|other| Some(other.arn.as_str()) != own).collect()
}
