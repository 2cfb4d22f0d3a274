//! The whole account from three lists: the credential report, the exempt group, the secrets.
//!
//! Its calls grow with pages, not with users. What it reads is up to four hours old, so all it
//! decides is who gets a visit.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::future::try_join_all;
use futures_util::try_join;
use jiff::Timestamp;

use super::account::Account;
use crate::config::{Scope, SweepConfig};
use crate::error::{Error, Result};
use crate::model::names::TAG_USER;
use crate::model::{ReportedUser, SecretState, UserRef, parse_report};
use crate::plan::bind_user_by_labels;
use crate::plan::sweep::{Glance, Row, triage};

/// Secrets of a list that are asked for at once.
const LISTED_AT_ONCE: usize = 8;

/// A user with a secret of ours, or without one.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The user.
    pub user: UserRef,
    /// The secrets that name the user, least ARN first: one, if all is well.
    pub secrets: Vec<String>,
    /// What the lists show.
    pub glance: Glance,
    /// Whether the user is in the exempt group.
    pub in_exempt_group: bool,
}

/// An account as its lists show it.
#[derive(Debug, Default)]
pub struct Survey {
    /// How many users there are.
    pub users: usize,
    /// Those in scope, by name.
    pub candidates: BTreeMap<String, Candidate>,
    /// Secrets in scope that name no user, or are not there.
    pub unbound: Vec<String>,
}

struct Lists<'a> {
    config: &'a SweepConfig,
    /// Of users who have no seat yet: thousands of them should not be held twice.
    report: HashMap<String, ReportedUser>,
    exempt: HashSet<String>,
    survey: Survey,
}

impl Account<'_> {
    /// Surveys the account.
    pub async fn survey(&self) -> Result<Survey> {
        let exempt = async {
            match &self.config.exempt.group {
                Some(group) => Ok(self.iam.group_members(group).await?),
                None => Ok(Vec::new()),
            }
        };
        let (report, exempt) = try_join!(self.users(), exempt)?;
        let mut lists = Lists {
            config: self.config,
            survey: Survey { users: report.len(), ..Survey::default() },
            report: report.into_iter().map(|user| (key_of(&user.user.name), user)).collect(),
            exempt: exempt.iter().map(|name| key_of(name)).collect(),
        };
        match &self.config.scope {
            Scope::Secrets(names) => self.read_listed(names, &mut lists).await?,
            Scope::Enrolled | Scope::All => self.read_all(&mut lists).await?,
        }
        if self.config.scope == Scope::All {
            lists.add_users_without_secret(self.now());
        }
        Ok(lists.survey)
    }

    /// The account's users, as the credential report shows them.
    pub(super) async fn users(&self) -> Result<Vec<ReportedUser>> {
        parse_report(&self.iam.credential_report().await?).map_err(|error| Error::PlanChanged {
            problem: format!("{error}; the next sweep asks for another"),
        })
    }

    async fn read_all(&self, lists: &mut Lists<'_>) -> Result<()> {
        let mut next = None;
        loop {
            let (page, more) = self.secrets.list(self.tag_prefix.as_deref(), next.take()).await?;
            for secret in &page {
                let function = self.config.rotation_function.as_ref();
                let ours = secret.tags.contains_key(TAG_USER)
                    || (function.is_some() && secret.rotation_function.as_ref() == function);
                if ours {
                    self.seat(secret, lists);
                }
            }
            match more {
                Some(more) => next = Some(more),
                None => return Ok(()),
            }
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
                    Some(secret) => self.seat(&secret, lists),
                    None => lists.survey.unbound.push(format!("{name:?}: there is no such secret")),
                }
            }
        }
        Ok(())
    }

    /// Gives a secret's user a seat, or a second secret.
    fn seat(&self, secret: &SecretState, lists: &mut Lists<'_>) {
        let known = |name: &str| {
            let key = key_of(name);
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
        let key = key_of(&user.name);
        if let Some(candidate) = lists.survey.candidates.get_mut(&key) {
            candidate.secrets.push(secret.arn.clone());
            candidate.secrets.sort();
            candidate.glance.look = true;
            return;
        }
        let report = lists.report.remove(&key);
        if let Some(report) = &report {
            user.clone_from(&report.user);
        }
        let in_exempt_group = lists.exempt.contains(&key);
        let row = Row {
            user: &user.name,
            report: report.as_ref(),
            secret: Some(secret),
            contested: false,
            in_exempt_group,
        };
        let glance = triage(row, lists.config, self.now());
        let candidate = Candidate { user, secrets: vec![secret.arn.clone()], glance, in_exempt_group };
        lists.survey.candidates.insert(key, candidate);
    }
}

impl Lists<'_> {
    fn add_users_without_secret(&mut self, now: Timestamp) {
        for (key, report) in std::mem::take(&mut self.report) {
            let in_exempt_group = self.exempt.contains(&key);
            let row = Row {
                user: &report.user.name,
                report: Some(&report),
                secret: None,
                contested: false,
                in_exempt_group,
            };
            let glance = triage(row, self.config, now);
            let candidate = Candidate { user: report.user, secrets: Vec::new(), glance, in_exempt_group };
            self.survey.candidates.insert(key, candidate);
        }
    }
}

/// IAM's user names are unique without regard to case.
fn key_of(name: &str) -> String {
    name.to_ascii_lowercase()
}
