//! One user: look, plan, execute, look again; then tell, and remember what was told.

use std::time::Duration;

use futures_util::future::{join, join3, try_join_all};
use jiff::Timestamp;
use tokio::time::sleep;

use super::account::Account;
use super::survey::Candidate;
use crate::config::{Mode, SweepConfig};
use crate::defect::guarded;
use crate::error::CallError;
use crate::error::{Error, Result};
use crate::model::names::{TAG_NOTICES, TAG_USER};
use crate::model::{
    AccessKey, AccessKeyId, Claims, Finding, FindingKind, Keyring, Ledger, OtherSecret, SecretState, UserRef,
    fits_a_secret_name,
};
use crate::notify;
use crate::plan::sweep::{
    Coming, Demand, FleetAction, SeenPolicy, Standing, UserPlan, UserView, is_guarded, plan_user,
};
use crate::plan::{Change, Planned, bind_user_by_labels};

/// How often a user is looked at again. A user has two keys, and each may go and show late.
const LOOKS: u32 = 12;
/// How long to wait for a list that does not show yet what was done.
const STALE_WAIT: Duration = Duration::from_secs(1);

/// What came of visiting one user.
#[derive(Debug)]
pub struct Visit {
    /// The user.
    pub user: UserRef,
    /// The user's keys, as they were found.
    pub keys: Vec<crate::model::AccessKey>,
    /// The secret, as it was found.
    pub secret: Option<SecretState>,
    /// What was done; in an audit, what would be.
    pub actions: Vec<Planned<FleetAction>>,
    /// What was planned and not done, because a stop was wished.
    pub left: Vec<Planned<FleetAction>>,
    /// What needs a person.
    pub findings: Vec<Finding>,
    /// Keys that a rotation has superseded and deactivated since the last visit.
    pub superseded: Vec<AccessKeyId>,
    /// Keys that a rotation has made current since the last visit, and whose predecessor it has deleted.
    pub promoted: Vec<AccessKeyId>,
    /// What will happen next.
    pub coming: Vec<Coming>,
    /// Why the user is left alone.
    pub exempt: Option<String>,
    /// Why what was asked for is not done.
    pub refused: Option<String>,
    /// What stopped the visit.
    pub failure: Option<Error>,
    /// Whether the user was mailed.
    pub mailed: bool,
    /// What is written on the secret once the new findings have been told: its ARN and the ledger.
    pub owed: Option<(String, Ledger)>,
}

impl Account<'_> {
    /// Visits one user.
    pub async fn visit(&self, candidate: &Candidate, demand: Demand) -> Visit {
        let mut visit = Visit::of(candidate.user.clone());
        // One user's defect must not keep the others from being visited.
        if let Err(error) = guarded(Box::pin(self.work(candidate, demand, &mut visit))).await {
            tracing::error!(
                user = candidate.user.name.as_str(),
                errorType = error.error_type(),
                error = error.chain(),
                "user skipped"
            );
            visit.failure = Some(error);
        }
        visit
    }

    async fn work(&self, candidate: &Candidate, demand: Demand, visit: &mut Visit) -> Result<()> {
        let mut last: Option<FleetAction> = None;
        let mut ledger: Option<Ledger> = None;
        for _ in 0..LOOKS {
            let mut view = self.look(candidate, &visit.actions).await?;
            if let Some(ledger) = ledger.take() {
                view.ledger = ledger;
            }
            let mut plan = plan_user(&view, self.config, demand);
            visit.see(&view, &plan);
            let actions = std::mem::take(&mut plan.actions);
            if self.config.mode == Mode::Audit {
                visit.actions = actions;
                return Ok(());
            }
            if self.stop.is_requested() {
                visit.left = actions;
                return Ok(());
            }
            let stale = last.is_some() && actions.first().map(|first| &first.action) == last.as_ref();
            if stale {
                // IAM's lists lag behind what was just done.
                ledger = Some(view.ledger);
                sleep(STALE_WAIT).await;
                continue;
            }
            let (before, planned) = (visit.actions.len(), actions.clone());
            last = self.execute(&view, actions, &mut visit.actions).await?;
            if last.is_none() {
                visit.left = planned.into_iter().skip(visit.actions.len() - before).collect();
                self.tell(&view, &plan, visit).await;
                return Ok(());
            }
            ledger = Some(plan.ledger);
        }
        Ok(())
    }

    /// Reads all of one user afresh. A read that fails is a failure, never "no keys", "never used"
    /// or "not exempt".
    ///
    /// IAM's lists still show a key for seconds after it was deleted, but its last use can no longer
    /// be asked for; so what is `done` to it is known better.
    async fn look(&self, candidate: &Candidate, done: &[Planned<FleetAction>]) -> Result<UserView> {
        let mut user = candidate.user.clone();
        // Where names are not the sweep's own, its role may describe enrolled secrets alone.
        let own_name =
            || self.config.shared.has_own_names().then(|| self.config.shared.secret_name_of(&user));
        let by_name = || own_name().filter(|name| fits_a_secret_name(name));
        let secret_id = candidate.secrets.first().cloned().or_else(by_name);
        let (secret, keys, tags) = join3(
            async {
                match &secret_id {
                    Some(id) => found(self.secrets.describe(id).await),
                    None => Ok(None),
                }
            },
            self.iam.list_access_keys(&user.name),
            self.iam.user_tags(&user.name),
        )
        .await;
        let mut secret = secret?;
        let (mut keys, mut tags) = (found(keys)?, found(tags)?);
        let (own, strange) = own_secret(candidate, keys.as_deref().unwrap_or_default());
        if own != candidate.secrets.first()
            && let Some(arn) = own
        {
            secret = found(self.secrets.describe(arn).await)?;
        }
        if let (None, Some(secret)) = (&keys, &secret)
            && let Some(name) = self.iam.owner_of_labels(secret).await?
        {
            // IAM does not know the user, and its secret's keys are another's: it was renamed.
            user = user.renamed(name);
            let (renamed, its) =
                join(self.iam.list_access_keys(&user.name), self.iam.user_tags(&user.name)).await;
            (keys, tags) = (found(renamed)?, found(its)?);
        }
        let missing = keys.is_none() || tags.is_none();
        let mut keys = keys.unwrap_or_default();
        keys.retain(|key| {
            let deleted = FleetAction::from(Change::DeleteKey { key: key.id.clone() });
            !done.iter().any(|planned| planned.action == deleted)
        });
        let uses = try_join_all(keys.iter().map(|key| self.iam.last_use(&key.id))).await?;
        for (key, last_use) in keys.iter_mut().zip(uses) {
            key.last_use = Some(last_use);
        }
        let now = self.now();
        let mut view = UserView {
            now,
            user,
            tags: tags.unwrap_or_default(),
            in_exempt_group: candidate.in_exempt_group,
            missing,
            keys,
            ledger: Ledger::of(None, now),
            secret: None,
            standing: Standing::default(),
            name_taken: false,
            rivals: candidate
                .secrets
                .iter()
                .filter(|arn| Some(*arn) != own && !strange.contains(arn))
                .cloned()
                .collect(),
            strange: strange.into_iter().cloned().collect(),
            // One that rotates with another function is another's: a second stack's, for example.
            not_enrolled: candidate
                .not_enrolled
                .iter()
                .filter(|secret| secret.rotation_function.is_none())
                .map(|secret| secret.name.clone())
                .collect(),
            claims: Claims::default(),
            policy: SeenPolicy::Unread,
        };
        self.place_secret(candidate, secret, &mut view).await?;
        view.claims.others = others(candidate, &view);
        view.policy = self.see_policy(&view).await?;
        Ok(view)
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

    /// Tells the user, then writes on the secret what was told.
    ///
    /// A crash in between repeats the mail. What is newly found is written only after the alert of
    /// it, by whoever sends that.
    async fn tell(&self, view: &UserView, plan: &UserPlan, visit: &mut Visit) {
        // AWS takes no tag on a secret that is to be deleted.
        let Some(secret) = view.secret.as_ref().filter(|secret| secret.deleted.is_none()) else { return };
        let (config, owner) = (&self.config.shared, self.owner.as_deref());
        let told = match notify::tell_of_keys(self.aws, config, view, secret, &plan.notices, owner).await {
            Ok(mailed) => {
                visit.mailed = mailed;
                true
            }
            Err(error) => {
                visit.failure = Some(error);
                false
            }
        };
        let ledger = if told { plan.ledger_once_told() } else { plan.ledger.clone() };
        if ledger.to_tag() == secret.tags.get(TAG_NOTICES).map_or("", String::as_str) {
            return;
        }
        let rotated = !visit.superseded.is_empty() || !visit.promoted.is_empty();
        if rotated || plan.findings.iter().any(|finding| finding.new) {
            visit.owed = Some((secret.arn.clone(), ledger));
        } else if let Err(error) = self.remember(&secret.arn, &ledger).await {
            visit.failure = Some(error);
        }
    }

    /// Writes the ledger on a secret.
    pub(super) async fn remember(&self, arn: &str, ledger: &Ledger) -> Result<()> {
        let tag = ledger.to_tag();
        let written = match tag.is_empty() {
            true => self.secrets.untag(arn, TAG_NOTICES).await,
            false => self.secrets.tag(arn, TAG_NOTICES, &tag).await,
        };
        Ok(written?)
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

/// Other secrets whose AWSCURRENT may hold a key of the user: those that a label tells of, and those that
/// are tagged with the user and have no label.
fn others(candidate: &Candidate, view: &UserView) -> Vec<OtherSecret> {
    let own = view.secret.as_ref().map(|secret| secret.arn.as_str());
    let labelled =
        view.keys.iter().flat_map(|key| candidate.held.get(&key.id).into_iter().flatten().cloned());
    let unlabelled = candidate.not_enrolled.iter().filter_map(|secret| {
        let unknown = secret.current().is_some_and(|version| version.key.is_none());
        unknown.then(|| OtherSecret { arn: secret.arn.clone(), key: None, enrolled: false })
    });
    labelled.chain(unlabelled).filter(|other| Some(other.arn.as_str()) != own).collect()
}

fn extend(keys: &mut Vec<AccessKeyId>, more: &[AccessKeyId]) {
    let new: Vec<AccessKeyId> = more.iter().filter(|key| !keys.contains(key)).cloned().collect();
    keys.extend(new);
}

/// What was read, or `None` where AWS knows of no such thing.
fn found<T>(read: std::result::Result<T, CallError>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Visit {
    fn of(user: UserRef) -> Self {
        Self {
            user,
            keys: Vec::new(),
            secret: None,
            actions: Vec::new(),
            left: Vec::new(),
            findings: Vec::new(),
            superseded: Vec::new(),
            promoted: Vec::new(),
            coming: Vec::new(),
            exempt: None,
            refused: None,
            failure: None,
            mailed: false,
            owed: None,
        }
    }

    fn see(&mut self, view: &UserView, plan: &UserPlan) {
        self.keys.clone_from(&view.keys);
        self.secret.clone_from(&view.secret);
        self.findings.clone_from(&plan.findings);
        // A later look of the same visit has noted them.
        extend(&mut self.superseded, &plan.superseded);
        extend(&mut self.promoted, &plan.promoted);
        self.coming.clone_from(&plan.coming);
        self.exempt.clone_from(&plan.exempt);
        self.refused.clone_from(&plan.refused);
    }

    /// The user's keys beside the secret, as they were found.
    pub fn keyring(&self, now: Timestamp) -> Keyring<'_> {
        Keyring::of_lists(self.secret.as_ref(), &self.keys, now)
    }

    /// Whether there is anything to report of it.
    pub fn is_eventful(&self) -> bool {
        !self.actions.is_empty()
            || !self.findings.is_empty()
            || !self.superseded.is_empty()
            || !self.promoted.is_empty()
            || self.failure.is_some()
            || self.mailed
            || self.refused.is_some()
            || self.exempt.is_some()
    }

    /// Whether there is a secret to remember on what was told.
    pub fn remembers(&self) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.deleted.is_none())
    }

    /// Whether the rotation that was requested can be expected to make a key: it is our function's, and no earlier
    /// one has failed to end.
    pub fn expects_a_key(&self, config: &SweepConfig) -> bool {
        let setup = self.actions.iter().find_map(|planned| match &planned.action {
            FleetAction::RequestRotation { setup } => setup.as_ref().map(|setup| &setup.function_arn),
            _ => None,
        });
        let rotates_with = setup.or_else(|| self.secret.as_ref()?.rotation_function.as_ref());
        rotates_with.is_some() && rotates_with == config.rotation_function.as_ref() && !self.is_stuck()
    }

    /// Whether a rotation of the user is stuck.
    pub fn is_stuck(&self) -> bool {
        self.findings.iter().any(|finding| finding.kind == FindingKind::RotationStuck)
    }
}
