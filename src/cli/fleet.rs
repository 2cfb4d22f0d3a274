//! Visits to many users, with progress; Ctrl-C ends them between two actions.

use std::collections::BTreeMap;

use futures_util::stream::{FuturesOrdered, StreamExt as _};
use serde::Serialize;

use super::confirm::{are, count};
use super::{Failure, Session, Terminal};
use crate::config::{Scope, SweepConfig};
use crate::model::UserName;
use crate::plan::sweep::Demand;
use crate::sweep::{Account, Candidate, Survey, UserTags, Visit};

/// As many users are read one by one, within seconds, where nobody asks for more.
const FEW: usize = 50;
/// Users that are read one by one in a minute: each takes four calls to IAM or a little more, at twenty a second.
const USERS_A_MINUTE: usize = 280;

/// Users that are visited at once. IAM is called at its own pace whatever this says.
const VISITS_AT_ONCE: usize = 4;

/// How users are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Each user, as IAM and Secrets Manager show it now.
    Fresh,
    /// From lists where they tell enough: thousands of users in a minute, up to four hours old.
    Lists,
}

impl Reading {
    /// A few users are read one by one, and so are users named with --user.
    pub(super) fn of(fresh: bool, named: &[String], users: usize) -> Self {
        if fresh || !named.is_empty() || users <= FEW { Self::Fresh } else { Self::Lists }
    }
}

/// What came of reading users: the visits, and how many users were left out because of Ctrl-C.
type Visits = (Vec<Visit>, usize);

/// Reads each user's state and plans by the mode of `planner`, which acts on nobody; Ctrl-C stops `account`.
pub(super) async fn read_all(
    account: &Account<'_>,
    planner: &Account<'_>,
    survey: &Survey,
    candidates: &[&Candidate],
    reading: Reading,
    terminal: &mut Terminal,
) -> Result<Visits, Failure> {
    let read = |candidate| preview(planner, candidate);
    if reading == Reading::Fresh {
        return visit_all(account, candidates, terminal, "reading users", read, |_, _| Ok(())).await;
    }
    let tags = match planner.iam.tags_of_all_users().await {
        Ok(tags) => tags,
        Err(error) if error.is_denied() => {
            terminal.note(
                "iam:GetAccountAuthorizationDetails is denied, so users are read one by one; with it, lists are read.",
            )?;
            UserTags::new()
        }
        Err(error) => return Err(Failure::Rotator(error.into())),
    };
    let glances: Vec<Option<Visit>> =
        candidates.iter().map(|candidate| planner.glance(candidate, survey, &tags)).collect();
    let unclear: Vec<&Candidate> = candidates
        .iter()
        .zip(&glances)
        .filter(|(_, glance)| glance.is_none())
        .map(|(user, _)| *user)
        .collect();
    let nobody = |_: &mut Terminal, _: &Visit| Ok(());
    let (read, left) = visit_all(account, &unclear, terminal, "reading users", read, nobody).await?;
    let mut read = read.into_iter();
    Ok((glances.into_iter().filter_map(|glance| glance.or_else(|| read.next())).collect(), left))
}

/// What a user's state was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    /// Each user, now.
    Users,
    /// Lists, up to four hours old.
    Lists,
}

impl Source {
    pub(super) fn of(visit: &Visit) -> Self {
        if visit.from_lists { Self::Lists } else { Self::Users }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Lists => "lists",
        }
    }
}

/// How old what lists show may be, where they were read.
pub(super) fn age_of_data(visits: &[Visit]) -> Option<String> {
    let from_lists = visits.iter().filter(|visit| visit.from_lists).count();
    (from_lists > 0).then(|| {
        format!(
            "{} of {} read from lists: data up to 4 h old, age since creation or last change; policies of secrets are \
             not read. To read each user now: --fresh",
            from_lists,
            are(visits.len(), "user")
        )
    })
}

/// What a planner plans for a user.
pub(super) async fn preview(planner: &Account<'_>, candidate: &Candidate) -> Visit {
    let mut visit = planner.visit(candidate, Demand::Due).await;
    visit.actions.append(&mut visit.left);
    visit
}

/// Visits users in the order given, each by `visit`; Ctrl-C stops `account`. `told` is called as each
/// visit ends.
pub(super) async fn visit_all<'c, V: Future<Output = Visit>>(
    account: &Account<'_>,
    candidates: &[&'c Candidate],
    terminal: &mut Terminal,
    what: &'static str,
    visit: impl Fn(&'c Candidate) -> V,
    mut told: impl FnMut(&mut Terminal, &Visit) -> std::io::Result<()>,
) -> Result<(Vec<Visit>, usize), Failure> {
    if candidates.len() > FEW {
        let minutes = candidates.len().div_ceil(USERS_A_MINUTE);
        let (users, minutes) = (count(candidates.len(), "user"), count(minutes, "minute"));
        terminal.note(format!("{what} one by one: {users}, about {minutes}"))?;
    }
    let bar = terminal.progress(candidates.len(), what);
    let mut interrupted = terminal.interrupted();
    let mut waiting = candidates.iter();
    let mut visiting = FuturesOrdered::new();
    let mut visits = Vec::new();
    loop {
        account_for(&interrupted, account);
        while visiting.len() < VISITS_AT_ONCE
            && !account.stop.is_requested()
            && let Some(candidate) = waiting.next()
        {
            visiting.push_back(visit(candidate));
        }
        let ended = tokio::select! {
            // What has ended is told before anybody is heard.
            biased;
            ended = visiting.next() => ended,
            Ok(()) = interrupted.changed() => continue,
        };
        let Some(ended) = ended else { break };
        bar.inc(1);
        bar.suspend(|| told(terminal, &ended))?;
        visits.push(ended);
    }
    bar.finish_and_clear();
    Ok((visits, waiting.count()))
}

fn account_for(interrupted: &tokio::sync::watch::Receiver<bool>, account: &Account<'_>) {
    if *interrupted.borrow() {
        account.stop.request();
    }
}

/// The users that are named; `*` stands for any characters. Whoever names a user that is not there has made a mistake.
pub(super) fn named<'s>(survey: &'s Survey, names: &[String]) -> Result<Vec<&'s Candidate>, Failure> {
    let mut found = BTreeMap::new();
    for name in names {
        let pattern = wildmatch::WildMatch::new_case_insensitive(name);
        let of_name = survey.candidates.iter().filter(|(_, candidate)| pattern.matches(&candidate.user.name));
        let before = found.len();
        found.extend(of_name);
        if found.len() == before && !found.keys().any(|known: &&UserName| pattern.matches(known.as_str())) {
            return Err(Failure::Failed(format!(
                "no user {name:?} was found. A user is found if it has an enrolled secret, or is in IAM's credential \
                 report (up to 4 hours old) and ROTATOR_SCOPE is all. Check the name: `aws iam get-user --user-name {}`",
                super::command::quoted(name)
            )));
        }
    }
    Ok(found.into_values().collect())
}

/// Every user of the account, and every listed secret's.
pub(super) async fn everybody(session: &Session) -> Result<Survey, Failure> {
    let all = SweepConfig { scope: Scope::All, ..session.config.clone() };
    let mut survey = session.account(&all).await?.full_survey().await?;
    // A listed secret may lack the tag that an account's survey goes by.
    if matches!(session.config.scope, Scope::Secrets(_)) {
        let listed = session.account(&session.config).await?.full_survey().await?;
        survey.candidates.extend(listed.candidates);
        survey.unbound = listed.unbound;
        survey.secret_names.extend(listed.secret_names);
    }
    Ok(survey)
}
