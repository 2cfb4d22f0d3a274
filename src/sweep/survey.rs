//! The whole account from three lists: the credential report, the exempt group, the secrets.
//!
//! Its calls grow with pages, not with users. What it reads is up to four hours old, so all it
//! decides is who gets a visit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use futures_util::try_join;
use jiff::Timestamp;

use super::account::Account;
use super::candidate::{Candidate, Held, Listed, note_held};
use crate::aws::MOST_PAGES;
use crate::config::{Scope, SweepConfig};
use crate::error::{CallError, Error, Result};
use crate::model::names::TAG_USER;
use crate::model::{
    AccessKeyId, CredentialReport, OddRow, OtherSecret, ReportedUser, SecretState, UserName, UserRef,
    read_report,
};
use crate::plan::bind_user_by_labels;
use crate::plan::sweep::{ListedUser, triage};

/// Secrets of a list that are asked for at once.
const LISTED_AT_ONCE: usize = 8;

/// An account as its lists show it.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// How many users there are.
    pub(crate) users: usize,
    /// Those in scope, by name.
    pub(crate) candidates: BTreeMap<UserName, Candidate>,
    /// Secrets in scope that name no user, or are not there.
    pub(crate) unbound: Vec<String>,
    /// Rows of the credential report that are not as AWS documents them.
    pub(crate) odd_rows: Vec<String>,
    /// The names of all secrets that the list showed, where the survey keeps what lists show.
    pub(crate) secret_names: HashSet<String>,
    /// Keys that labels on AWSCURRENT name, of secrets that are nobody's.
    pub(super) strays: HashSet<AccessKeyId>,
}

struct Lists<'a> {
    config: &'a SweepConfig,
    /// Of users who are not among the candidates yet: thousands of them should not be held twice.
    report: HashMap<UserName, ReportedUser>,
    exempt: HashSet<UserName>,
    survey: Survey,
    held: Held,
    /// What a visit that broke off may have created.
    created: Vec<(UserRef, SecretState)>,
    /// Secrets that are scheduled for deletion.
    deleted: Vec<SecretState>,
    not_enrolled: Vec<(UserRef, SecretState)>,
    /// Whether the users' keys and secrets are kept as the lists show them.
    keeps: bool,
}

impl Account<'_> {
    pub(crate) async fn survey(&self) -> Result<Survey> {
        self.survey_lists(false).await
    }

    /// The same, and all that the lists show of the users.
    #[cfg(feature = "cli")]
    pub(crate) async fn full_survey(&self) -> Result<Survey> {
        self.survey_lists(true).await
    }

    async fn survey_lists(&self, keeps: bool) -> Result<Survey> {
        let exempt = async {
            match &self.config.shared.exempt.group {
                Some(group) => Ok(self.iam.group_members(group).await?),
                None => Ok(Vec::new()),
            }
        };
        let (CredentialReport { users, odd }, exempt) = try_join!(self.credential_report(), exempt)?;
        for row in &odd {
            tracing::warn!(
                user = row.user,
                line = row.line,
                problem = row.problem,
                "odd row of the credential report"
            );
        }
        let odd_rows = odd.iter().map(ToString::to_string).collect();
        let mut lists = Lists {
            config: self.config,
            survey: Survey { users: users.len(), odd_rows, ..Survey::default() },
            report: users.into_iter().map(|user| (user.user.name.clone(), user)).collect(),
            exempt: exempt.into_iter().map(UserName::new).collect(),
            held: Held::new(),
            created: Vec::new(),
            deleted: Vec::new(),
            not_enrolled: Vec::new(),
            keeps,
        };
        if let Scope::Secrets(names) = &self.config.scope {
            self.read_listed(names, &mut lists).await?;
        }
        self.read_all(&mut lists).await?;
        let now = self.now();
        for (user, secret) in std::mem::take(&mut lists.created) {
            // Whoever has an enrolled secret was enrolled once: another one is none of the sweep's.
            match lists.survey.candidates.contains_key(&user.name) {
                true => lists.not_enrolled.push((user, secret)),
                false => self.add(&secret, &mut lists),
            }
        }
        for secret in std::mem::take(&mut lists.deleted) {
            self.add_deleted(&secret, &mut lists);
        }
        lists.add_not_enrolled();
        if self.config.scope == Scope::All {
            lists.add_users_without_secret(now);
        }
        lists.look_at_odd(&odd);
        Ok(lists.finish())
    }

    /// The account's users, as the credential report shows them.
    pub(super) async fn credential_report(&self) -> Result<CredentialReport> {
        read_report(&self.iam.credential_report().await?).map_err(|error| Error::PlanChanged {
            problem: format!("{error}; the next run asks for another"),
        })
    }

    async fn read_all(&self, lists: &mut Lists<'_>) -> Result<()> {
        let prefix: Vec<&str> = self.tag_prefix.iter().map(String::as_str).collect();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let (page, more) = self.secrets.list(&prefix, next.take()).await?;
            for secret in page {
                if lists.keeps {
                    lists.survey.secret_names.insert(secret.name.clone());
                }
                match secret.deleted {
                    // Nobody reads it any more, so it holds no key for anybody.
                    Some(_) => lists.deleted.push(secret),
                    None => {
                        note_held(self.config, &secret, &mut lists.held);
                        self.place(secret, lists);
                    }
                }
            }
            match more {
                Some(more) => next = Some(more),
                None => return Ok(()),
            }
        }
        Err(CallError::incomplete("secretsmanager:ListSecrets").into())
    }

    /// Under a list only what it names is taken care of; of other secrets it is only noted that they may
    /// hold a key.
    fn place(&self, secret: SecretState, lists: &mut Lists<'_>) {
        let by_list = matches!(self.config.scope, Scope::Secrets(_));
        if self.config.is_enrolled(&secret) && !by_list {
            return self.add(&secret, lists);
        }
        if self.config.lists(&secret) || !secret.tags.contains_key(TAG_USER) {
            return;
        }
        let Some(user) = bind_user_by_labels(&secret, &self.config.shared.secret_name, |_| true) else {
            return;
        };
        if self.number.as_ref().is_some_and(|account| user.account != *account) {
            return;
        }
        if self.looks_created(&user, &secret) && !by_list {
            lists.created.push((user, secret));
        } else {
            lists.not_enrolled.push((user, secret));
        }
    }

    async fn read_listed(&self, names: &[String], lists: &mut Lists<'_>) -> Result<()> {
        for names in names.chunks(LISTED_AT_ONCE) {
            let read = names.iter().map(|name| async move {
                match self.secrets.describe(name).await {
                    Ok(secret) => Ok(Some(secret)),
                    Err(error) if error.is_not_found() => Ok(None),
                    Err(error) => Err(error),
                }
            });
            for (name, secret) in names.iter().zip(try_join_all(read).await?) {
                match secret {
                    Some(secret) => self.add(&secret, lists),
                    None => lists.survey.unbound.push(format!("{name:?}: there is no such secret")),
                }
            }
        }
        Ok(())
    }

    /// An enrolled secret that is to be deleted is its user's as long as the user has no other.
    fn add_deleted(&self, secret: &SecretState, lists: &mut Lists<'_>) {
        let by_list = matches!(self.config.scope, Scope::Secrets(_));
        let bound = bind_user_by_labels(secret, &self.config.shared.secret_name, |_| true);
        let has_other = |user: &UserRef| {
            let candidate = lists.survey.candidates.get(&user.name);
            candidate.is_some_and(|candidate| !candidate.secrets.is_empty())
        };
        // Those of a list have been asked for by their names.
        if self.config.is_enrolled(secret) && !by_list && bound.is_some_and(|user| !has_other(&user)) {
            self.add(secret, lists);
        }
    }

    /// Adds a secret's user, or a second secret of one.
    fn add(&self, secret: &SecretState, lists: &mut Lists<'_>) {
        let known = |name: &str| {
            let key = UserName::new(name);
            lists.report.contains_key(&key) || lists.survey.candidates.contains_key(&key)
        };
        let user = bind_user_by_labels(secret, &self.config.shared.secret_name, known);
        let Some(mut user) = user else {
            lists.survey.unbound.push(format!("{:?}: nothing tells whose keys it holds", secret.name));
            return;
        };
        // A secret kept here for another account's user is that account's sweep's.
        if self.number.as_ref().is_some_and(|account| user.account != *account) {
            return;
        }
        let key = user.name.clone();
        if let Some(candidate) = lists.survey.candidates.get_mut(&key) {
            candidate.add(secret);
            candidate.triage.look = true;
            return;
        }
        let report = lists.report.remove(&key);
        if let Some(report) = &report {
            user.clone_from(&report.user);
        }
        let in_exempt_group = lists.exempt.contains(&key);
        let row = ListedUser {
            user: &user.name,
            report: report.as_ref(),
            secret: Some(secret),
            contested: false,
            in_exempt_group,
        };
        let triage = triage(row, lists.config, self.now());
        let listed = report.filter(|_| lists.keeps);
        let listed = listed.map(|report| Listed { keys: report.keys, secret: Some(secret.clone()) });
        let mut candidate = Candidate { triage, listed, ..Candidate::new(user, in_exempt_group) };
        candidate.add(secret);
        lists.survey.candidates.insert(key, candidate);
    }
}

impl Lists<'_> {
    /// A secret that is tagged and not enrolled makes its user worth a look. Under a list of secrets it
    /// only counts beside one that is listed.
    fn add_not_enrolled(&mut self) {
        let by_list = matches!(self.config.scope, Scope::Secrets(_));
        for (mut user, secret) in std::mem::take(&mut self.not_enrolled) {
            let key = user.name.clone();
            if !by_list && !self.survey.candidates.contains_key(&key) {
                let mut listed = None;
                if let Some(report) = self.report.remove(&key) {
                    user = report.user;
                    listed = self.keeps.then_some(Listed { keys: report.keys, secret: None });
                }
                let candidate = Candidate { listed, ..Candidate::new(user, self.exempt.contains(&key)) };
                self.survey.candidates.insert(key.clone(), candidate);
            }
            if let Some(candidate) = self.survey.candidates.get_mut(&key) {
                candidate.triage.look |= secret.rotation_function.is_none();
                candidate.not_enrolled.push(secret);
            }
        }
    }

    /// What an odd row says counts for nothing, so its user is looked at.
    fn look_at_odd(&mut self, odd: &[OddRow]) {
        for name in odd.iter().filter_map(|row| row.user.as_deref()) {
            if let Some(candidate) = self.survey.candidates.get_mut(&UserName::new(name)) {
                candidate.triage.look = true;
                candidate.triage.active = true;
                candidate.listed = None;
            }
        }
    }

    fn finish(mut self) -> Survey {
        let held = Arc::new(self.held);
        if self.keeps {
            let known: HashSet<&String> =
                self.survey.candidates.values().flat_map(|candidate| &candidate.secrets).collect();
            let is_stray = |others: &Vec<OtherSecret>| others.iter().any(|other| !known.contains(&other.arn));
            let strays = held.iter().filter(|(_, others)| is_stray(others)).map(|(key, _)| key.clone());
            self.survey.strays = strays.collect();
        }
        for candidate in self.survey.candidates.values_mut() {
            candidate.held = held.clone();
        }
        self.survey
    }

    fn add_users_without_secret(&mut self, now: Timestamp) {
        for (key, report) in std::mem::take(&mut self.report) {
            let in_exempt_group = self.exempt.contains(&key);
            let row = ListedUser {
                user: &report.user.name,
                report: Some(&report),
                secret: None,
                contested: false,
                in_exempt_group,
            };
            let triage = triage(row, self.config, now);
            let listed = self.keeps.then_some(Listed { keys: report.keys, secret: None });
            let candidate = Candidate { triage, listed, ..Candidate::new(report.user, in_exempt_group) };
            self.survey.candidates.insert(key, candidate);
        }
    }
}
