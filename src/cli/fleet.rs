//! Visits to many users, with progress; Ctrl-C ends them between two actions.

use std::collections::BTreeMap;

use futures_util::stream::{FuturesOrdered, StreamExt as _};

use super::{Failure, Session, Terminal};
use crate::config::{Scope, SweepConfig};
use crate::model::UserName;
use crate::plan::sweep::Demand;
use crate::sweep::{Account, Candidate, Survey, Visit};

/// Users that are visited at once. IAM is called at its own pace whatever this says.
const VISITS_AT_ONCE: usize = 4;

/// Reads each user's state and plans. Answers with the visits, and how many users were left out
/// because of Ctrl-C.
pub(super) async fn look_at_all(
    account: &Account<'_>,
    candidates: &[&Candidate],
    terminal: &mut Terminal,
) -> Result<(Vec<Visit>, usize), Failure> {
    let look = |candidate| account.visit(candidate, Demand::Due);
    visit_all(account, candidates, terminal, "looking at users", look, |_, _| Ok(())).await
}

/// The same by the mode of `planner`, which acts on nobody; Ctrl-C stops `account`.
pub(super) async fn plan_all(
    account: &Account<'_>,
    planner: &Account<'_>,
    candidates: &[&Candidate],
    terminal: &mut Terminal,
) -> Result<(Vec<Visit>, usize), Failure> {
    let plan = |candidate| preview(planner, candidate);
    visit_all(account, candidates, terminal, "planning", plan, |_, _| Ok(())).await
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
    let mut survey = session.account(&all).await?.survey().await?;
    // A listed secret may lack the tag that an account's survey goes by.
    if matches!(session.config.scope, Scope::Secrets(_)) {
        let listed = session.account(&session.config).await?.survey().await?;
        survey.candidates.extend(listed.candidates);
        survey.unbound = listed.unbound;
    }
    Ok(survey)
}
