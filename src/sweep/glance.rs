//! A user's plan from lists alone, for whoever only reads: thousands of users in a minute, and up to four hours old.

use std::collections::BTreeMap;

use super::account::Account;
use super::candidate::Candidate;
use super::look::{others, unbound_names};
use super::survey::Survey;
use super::visit::Visit;
use crate::model::names::TAG_SECRET;
use crate::model::{AccessKeyId, Claims, Ledger, UserName};
use crate::plan::sweep::{Demand, SeenPolicy, Standing, UserView, keys_of_lists, plan_user};

/// The tags of every user that IAM knows.
pub(crate) type UserTags = BTreeMap<UserName, BTreeMap<String, String>>;

impl Account<'_> {
    /// What a sweep in the configured mode would do about a user, as far as lists tell. `None` where they may be
    /// mistaken: then the user must be [visited](Self::visit).
    pub(crate) fn glance(&self, candidate: &Candidate, survey: &Survey, tags: &UserTags) -> Option<Visit> {
        let view = self.view_of_lists(candidate, survey, tags)?;
        let plan = plan_user(&view, self.config, Demand::Due);
        // A secret that is nobody's may hold one of these keys, which lists do not name.
        let unnamed =
            plan.actions.iter().filter_map(|planned| planned.action.key()).any(AccessKeyId::is_numbered);
        if unnamed && !survey.strays.is_empty() {
            return None;
        }
        let mut visit = Visit::of(candidate.user.clone());
        visit.see(&view, &plan);
        visit.actions = plan.actions;
        visit.from_lists = true;
        Some(visit)
    }

    fn view_of_lists(&self, candidate: &Candidate, survey: &Survey, tags: &UserTags) -> Option<UserView> {
        let listed = candidate.listed.as_ref().filter(|_| candidate.secrets.len() < 2)?;
        let tags = tags.get(&candidate.user.name)?.clone();
        let secret = listed.secret.clone();
        // The user's own tag names another secret: whose the keys are, only IAM tells.
        let named = tags.get(TAG_SECRET);
        if secret.as_ref().zip(named).is_some_and(|(secret, named)| secret.name != *named) {
            return None;
        }
        let standing = match &secret {
            Some(secret) if self.config.is_enrolled(secret) => Standing::Enrolled,
            Some(secret) if self.config.lists(secret) => Standing::Listed,
            // What a visit that broke off has created: its policy tells whether it may be finished.
            Some(_) => return None,
            None => Standing::default(),
        };
        let now = self.now();
        let ledger = Ledger::of(secret.as_ref(), now);
        let keys = keys_of_lists(&listed.keys, secret.as_ref(), &ledger)?;
        let shared = &self.config.shared;
        let own_name = shared.has_own_names().then(|| shared.secret_name_of(&candidate.user));
        // Whose it is only its description tells.
        if secret.is_none() && own_name.is_some_and(|name| survey.secret_names.contains(&name)) {
            return None;
        }
        let mut view = UserView {
            now,
            user: candidate.user.clone(),
            tags,
            in_exempt_group: candidate.in_exempt_group,
            missing: false,
            keys,
            secret,
            standing,
            name_taken: false,
            rivals: Vec::new(),
            strange: Vec::new(),
            not_enrolled: unbound_names(candidate),
            claims: Claims::default(),
            ledger,
            policy: SeenPolicy::Unread,
        };
        view.claims.others = others(candidate, &view);
        Some(view)
    }
}
