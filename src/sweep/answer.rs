//! What the sweep of an account answers.

use serde::Serialize;

use super::account::Account;
use super::survey::Survey;
use super::visit::Visit;
use crate::config::Mode;
use crate::event::AccountEvent;
use crate::model::Counts;

/// What the sweep of an account answers.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct AccountAnswer {
    pub(crate) account: Option<String>,
    /// `audit` or `enforce`.
    pub(crate) mode: Mode,
    /// `done`, `continues`, or `nothing-to-do` where a rotation was asked for and not requested.
    pub(crate) outcome: &'static str,
    /// Where to go on; absent when all users are done.
    pub(crate) marker: Option<String>,
    /// How many users there are, and how many were looked at closely since the sweep began.
    pub(crate) users: Users,
    /// What came of it since the sweep began, in however many invocations.
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// The plan of this invocation, a line an action: what was done, or would be.
    pub(crate) plan: Vec<String>,
    /// Its findings, a line each.
    pub(crate) found: Vec<String>,
    /// What was asked for and not done, and why.
    pub(crate) refused: Vec<String>,
    /// Rows of the credential report that are not as AWS documents them.
    #[serde(rename = "oddRows", skip_serializing_if = "Vec::is_empty")]
    pub(crate) odd_rows: Vec<String>,
}

/// How many users there are.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Users {
    /// In the account.
    pub(crate) total: usize,
    /// In the sweep's scope.
    pub(crate) in_scope: usize,
    /// Looked at closely.
    pub(crate) visited: usize,
    /// With an active key that is older than it should ever be.
    pub(crate) overdue: usize,
}

/// Answers for what was seen and done.
pub(super) fn answer(
    account: &Account<'_>,
    event: &AccountEvent,
    survey: &Survey,
    visits: &[Visit],
    visited: usize,
) -> AccountAnswer {
    let mut answer = AccountAnswer {
        account: account.number.clone(),
        mode: account.config.mode,
        outcome: "done",
        users: Users {
            total: survey.users,
            in_scope: survey.candidates.len(),
            visited,
            overdue: survey.candidates.values().filter(|candidate| candidate.triage.overdue).count(),
        },
        odd_rows: survey.odd_rows.clone(),
        ..AccountAnswer::default()
    };
    // Somebody asked for a rotation: "done" would tell that there was one.
    let idle = visits.iter().all(|visit| visit.actions.is_empty());
    if event.force_rotate.is_some() && idle {
        answer.outcome = "nothing-to-do";
    }
    for visit in visits {
        for planned in &visit.actions {
            *answer.counts.actions.entry(planned.action.name().to_owned()).or_default() += 1;
            answer.plan.push(format!("{}: {planned}", visit.user.name));
        }
        for finding in &visit.findings {
            *answer.counts.findings.entry(finding.kind.to_string()).or_default() += 1;
            let key = finding.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
            answer.found.push(format!("{}: {}{key}: {}", visit.user.name, finding.kind, finding.evidence));
        }
        let refused = visit.refused.as_ref().filter(|_| visit.actions.is_empty());
        answer.refused.extend(refused.map(|reason| format!("{}: {reason}", visit.user.name)));
        answer.counts.failures += u32::from(visit.failure.is_some());
    }
    answer
}
