//! How a sweep notifies the administrator: one digest, and an alert where a person is needed.

use std::borrow::Cow;

use serde_json::json;

use super::account::Account;
use super::answer::AccountAnswer;
use super::survey::Survey;
use super::visit::Visit;
use crate::config::{Mode, Scope};
use crate::event::{AccountEvent, Lifecycle};
use crate::model::{counted, minute};
use crate::notify::{Digest, DigestRow, Section};
use crate::plan::Change;
use crate::plan::sweep::FleetAction;

/// All that a digest is made of.
#[derive(Debug)]
pub(super) struct SweepReport<'a> {
    pub(crate) account: &'a Account<'a>,
    pub(crate) event: &'a AccountEvent,
    /// The account as its lists show it.
    pub(crate) survey: &'a Survey,
    /// The visits with something to report.
    pub(crate) visits: &'a [Visit],
    /// What this invocation of the sweep did.
    pub(crate) answer: &'a AccountAnswer,
    /// The last user that was looked at, if time was up then.
    pub(crate) stopped_after: Option<&'a str>,
    pub(crate) request_id: &'a str,
    /// Whether all that no secret remembers was reported before.
    pub(crate) repeats: bool,
}

/// Tells the administrator of a sweep, if there is anything to tell that was not told before;
/// answers whether all of it got through.
pub(super) async fn tell_of_sweep(report: &SweepReport<'_>) -> bool {
    let (aws, config) = (report.account.aws, report.account.config);
    let (audit, fresh) = (!config.mode.acts(), !report.repeats);
    let remembered = |visit: &Visit| visit.remembers() && !audit;
    let new =
        |visit: &Visit| visit.findings.iter().any(|finding| finding.new) && (fresh || remembered(visit));
    let failed = fresh && report.visits.iter().any(|visit| visit.failure.is_some());
    let called_for = !audit && (report.visits.iter().any(new) || (failed && !report.event.is_part_of_many()));
    let acted = |visit: &Visit| {
        let planned = !visit.actions.is_empty() || !visit.superseded.is_empty();
        // An audit writes no ledger, so it cannot remember that this was reported.
        let promoted = !visit.promoted.is_empty() && !audit;
        (planned && (fresh || !audit)) || promoted || visit.mailed || visit.refused.is_some()
    };
    // Where the scope lists secrets, those that cannot be swept are reported until the list is right.
    let listed = matches!(config.scope, Scope::Secrets(_));
    let worth = failed
        || (fresh && !report.survey.odd_rows.is_empty())
        || (fresh && !report.survey.unbound.is_empty() && (listed || audit))
        || report.visits.iter().any(|visit| acted(visit) || new(visit))
        || (audit && fresh && report.visits.iter().any(|visit| !visit.findings.is_empty()));
    for (name, finding) in report.visits.iter().flat_map(|visit| {
        visit.findings.iter().filter(|finding| finding.new).map(|finding| (&visit.user.name, finding))
    }) {
        tracing::warn!(user = name.as_str(), kind = %finding.kind, evidence = %finding.evidence, "finding");
    }
    if !worth && !called_for {
        return true;
    }
    let digest = of_sweep(report);
    let mut recipients: Vec<&String> =
        config.shared.email.admin.iter().chain(report.event.email.as_ref()).collect();
    recipients.dedup();
    let mut told = true;
    if let Some(from) = config.shared.email.from.as_ref().filter(|_| !recipients.is_empty()) {
        for to in recipients {
            told &= digest.mail(aws, from, to).await;
        }
        if called_for {
            told &= publish(&digest, report.account, report.answer).await;
        }
    } else {
        told &= publish(&digest, report.account, report.answer).await;
    }
    told
}

/// Tells of one step of one user's life cycle. A failure alone is the failed invocation's to tell.
pub(super) async fn tell_of_step(account: &Account<'_>, step: Lifecycle, visit: &Visit, request_id: &str) {
    if visit.actions.is_empty() && !visit.findings.iter().any(|finding| finding.new) {
        return;
    }
    let did = |is: fn(&FleetAction) -> bool| visit.actions.iter().any(|planned| is(&planned.action));
    let requested = did(|action| matches!(action, FleetAction::RequestRotation { .. }));
    let what = visit.actions.first().map(|planned| planned.action.name());
    let user = &visit.user.name;
    let said = match (step, account.config.mode) {
        (_, Mode::Audit) if what.is_some() => "what would be done",
        _ if requested && visit.expects_a_key(account.config) => "a new key is on its way",
        _ if requested => "a rotation was requested, and it may not end",
        (Lifecycle::Create, _) => "no new key was requested, a person is needed",
        _ if did(|action| matches!(action, FleetAction::Change(Change::DeactivateKey { .. }))) => {
            "the previous key was deactivated"
        }
        _ if did(|action| matches!(action, FleetAction::Change(Change::DeleteKey { .. }))) => {
            "the previous key was deleted"
        }
        _ if what.is_none() => "a person is needed",
        _ => "its secret was put in order",
    };
    let headline = format!("Access key of {user}: {said}");
    let visits = std::slice::from_ref(visit);
    let digest = Digest {
        headline,
        summary: format!("Account {}.", account.number.as_deref().unwrap_or("unknown")),
        sections: sections(visits, account.config.mode, &[], &[]),
        request_id: request_id.to_owned(),
    };
    let facts = json!({"account": account.number, "user": user, "action": what});
    digest.announce(account.aws, account.config, &facts).await;
}

fn sections(visits: &[Visit], mode: Mode, unbound: &[String], odd_rows: &[String]) -> Vec<Section> {
    let (mut done, mut rotated) = (Vec::new(), Vec::new());
    let (mut new, mut known) = (Vec::new(), Vec::new());
    let (mut failed, mut refused, mut exempt, mut coming) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for visit in visits {
        let advised = |what: String, remedy: Cow<'static, str>| DigestRow {
            user: visit.user.name.to_string(),
            what,
            remedy,
        };
        let row = |what: String, remedy: &'static str| advised(what, remedy.into());
        done.extend(visit.actions.iter().map(|planned| row(planned.said().for_people(), "")));
        let superseded = visit.superseded.iter();
        rotated.extend(superseded.map(|key| row(format!("{key} was superseded and deactivated"), "")));
        let promoted = visit.promoted.iter();
        rotated.extend(
            promoted.map(|key| row(format!("{key} is the new key; the previous key was deleted"), "")),
        );
        for finding in &visit.findings {
            let key = finding.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
            let what = format!("{}{key}: {}", finding.kind, finding.evidence.for_people());
            let row = advised(what, finding.remedy.clone().into());
            if finding.new { new.push(row) } else { known.push(row) }
        }
        failed.extend(visit.failure.iter().map(|error| row(error.chain(), "")));
        refused.extend(
            visit.refused.iter().filter(|_| visit.actions.is_empty()).map(|why| row(why.for_people(), "")),
        );
        exempt.extend(visit.exempt.iter().map(|why| row(why.clone(), "")));
        coming.extend(visit.coming.iter().filter(|coming| coming.warn).map(|coming| {
            let what = format!("{} of {} on {}", coming.event.as_str(), coming.key, minute(coming.at));
            row(what, "")
        }));
    }
    let mut nameless: Vec<DigestRow> = unbound
        .iter()
        .map(|secret| DigestRow {
            user: secret.clone(),
            what: "left out".into(),
            remedy: "Tag it `iam-key-rotator:user`, or take it off the list.".into(),
        })
        .collect();
    let odd_row = |row: &String| {
        DigestRow {
        user: row.clone(),
        what: "the row counts for nothing".into(),
        remedy: "The next report is made after four hours. If the row comes back, compare it with `aws iam get-credential-report`.".into(),
    }
    };
    let mut odd: Vec<DigestRow> = odd_rows.iter().map(odd_row).collect();
    let acted = if mode == Mode::Audit { "Would be done" } else { "Done" };
    [
        Section::of("Needs a person, new", &mut new),
        Section::of("Left out after an error", &mut failed),
        Section::of(acted, &mut done),
        Section::of("Rotated since the last sweep", &mut rotated),
        Section::of("Not done", &mut refused),
        Section::of("Announced to users", &mut coming),
        Section::of("Needs a person, known", &mut known),
        Section::of("Secrets without a user", &mut nameless),
        Section::of("Rows of the credential report that cannot be read", &mut odd),
        Section::of("Exempt", &mut exempt),
    ]
    .into_iter()
    .filter(|section| !section.rows.is_empty())
    .collect()
}

fn of_sweep(report: &SweepReport<'_>) -> Digest {
    let (account, answer) = (report.account, report.answer);
    let number = account.number.as_deref().unwrap_or("unknown");
    let name = report.event.name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
    let actions: u32 = answer.counts.actions.values().sum();
    let findings: u32 = answer.counts.findings.values().sum();
    let (kind, would) = match account.config.mode {
        Mode::Audit => ("audit", " would be done"),
        Mode::Retire | Mode::Enforce => ("sweep", ""),
    };
    let headline = format!(
        "Key {kind} of account {number}: {}{}{would}, {}",
        foremost(report),
        counted(actions, "action"),
        counted(findings, "finding")
    );
    let rest = match report.stopped_after {
        Some(user) => format!(" Time was up after user {user}; the rest follows."),
        None => String::new(),
    };
    let beyond = account.config.max_age.filter(|most| {
        account.config.rotate_after.saturating_add(account.config.shared.policy.overlap) > *most
    });
    let beyond = match beyond {
        Some(_) => {
            " ROTATOR_ROTATE_AFTER and ROTATOR_OVERLAP together are longer than ROTATOR_MAX_AGE: superseded keys will be too old."
        }
        None => "",
    };
    let summary = format!(
        "Account {number}{name}: {}, {} in scope, {} looked at closely, {} with a key that is too old, {}, {} left out.{rest}{beyond}",
        counted(answer.users.total, "user"),
        answer.users.in_scope,
        answer.users.visited,
        answer.users.overdue,
        counted(findings, "finding"),
        answer.counts.failures,
    );
    Digest {
        headline,
        summary,
        sections: sections(
            report.visits,
            account.config.mode,
            &report.survey.unbound,
            &report.survey.odd_rows,
        ),
        request_id: report.request_id.to_owned(),
    }
}

/// What the subject of a sweep says before it counts: else a digest of those alone would read as if
/// nothing had been the matter.
fn foremost(report: &SweepReport<'_>) -> String {
    let count = |of: fn(&Visit) -> usize| report.visits.iter().map(of).sum::<usize>();
    let left_out = count(|visit| usize::from(visit.failure.is_some()));
    let refused = count(|visit| usize::from(visit.refused.is_some() && visit.actions.is_empty()));
    let rotated = count(|visit| visit.superseded.len() + visit.promoted.len());
    let parts = [
        (left_out, format!("{} left out", counted(left_out, "user"))),
        (refused, format!("{} refused", counted(refused, "request"))),
        (report.survey.unbound.len(), format!("{} left out", counted(report.survey.unbound.len(), "secret"))),
        (rotated, format!("{rotated} rotated")),
    ];
    let said = parts.into_iter().filter(|(count, _)| *count > 0);
    said.map(|(_, words)| format!("{words}, ")).collect()
}

/// To the alert topic.
async fn publish(digest: &Digest, account: &Account<'_>, answer: &AccountAnswer) -> bool {
    let facts = json!({
        "account": answer.account, "mode": answer.mode, "outcome": answer.outcome,
        "actions": answer.counts.actions, "findings": answer.counts.findings, "failures": answer.counts.failures,
    });
    digest.send(account.aws, account.config, &facts).await
}
