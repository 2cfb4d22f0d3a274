//! How a sweep notifies the administrator: one digest, and an alert where a person is needed.

use std::collections::BTreeMap;

use serde_json::json;

use super::account::Account;
use super::answer::AccountAnswer;
use super::survey::Survey;
use super::visit::Visit;
use crate::config::{Mode, Scope};
use crate::event::{AccountEvent, Lifecycle};
use crate::model::{FindingKind, Phrase, counted, unbroken_minute};
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

/// What needs a person stands first; what was done, and what needs nothing, follows.
fn sections(visits: &[Visit], mode: Mode, unbound: &[String], odd_rows: &[String]) -> Vec<Section> {
    let rows_of = |rows: &dyn Fn(&Visit) -> Vec<String>| -> Vec<DigestRow> {
        visits
            .iter()
            .flat_map(|visit| {
                rows(visit).into_iter().map(|what| DigestRow::new(visit.user.name.as_str(), what))
            })
            .collect()
    };
    let failed = rows_of(&|visit| visit.failure.iter().map(|error| error.chain()).collect());
    let refused = rows_of(&|visit| match visit.actions.is_empty() {
        true => visit.refused.iter().map(Phrase::for_people).collect(),
        false => Vec::new(),
    });
    let rotated = rows_of(&|visit| {
        let superseded = visit.superseded.iter().map(|key| format!("{key} was superseded and deactivated"));
        let promoted =
            visit.promoted.iter().map(|key| format!("{key} is the new key; the previous key was deleted"));
        superseded.chain(promoted).collect()
    });
    let coming = rows_of(&|visit| {
        let warned = visit.coming.iter().filter(|coming| coming.warn);
        warned
            .map(|coming| {
                format!("{} of {} on {}", coming.event.as_str(), coming.key, unbroken_minute(coming.at))
            })
            .collect()
    });
    let exempt = rows_of(&|visit| visit.exempt.iter().cloned().collect());
    let nameless = unbound.iter().map(|secret| DigestRow {
        remedy: "Tag the secret with `iam-key-rotator:user`, or remove it from ROTATOR_SCOPE.".into(),
        ..DigestRow::new(secret, "not swept: the secret names no user")
    });
    let odd = odd_rows.iter().map(|row| DigestRow {
        remedy: "The next report is made after four hours. If the row comes back, compare it with `aws iam get-credential-report`.".into(),
        ..DigestRow::new(row, "the row is ignored, and its user is read from IAM")
    });
    let mut sections = found("Action needed", visits, true);
    sections.push(Section::of("Left out after an error", failed));
    sections.push(Section::of("Not done", refused));
    sections.push(Section::of("Secrets without a user", nameless.collect()));
    sections.push(Section::of("Unreadable rows of the credential report", odd.collect()));
    sections.extend(found("Reported before, still open", visits, false));
    sections.extend(acted(visits, mode));
    sections.push(Section::of("Rotated since the last sweep", rotated));
    sections.push(Section::of("Announced to users", coming));
    sections.push(Section::of("Exempt", exempt));
    sections.into_iter().filter(|section| !section.lines.is_empty()).collect()
}

/// Findings, a section a kind; rare kinds first.
fn found(title: &str, visits: &[Visit], new: bool) -> Vec<Section> {
    let mut kinds: BTreeMap<(usize, FindingKind), Vec<DigestRow>> = BTreeMap::new();
    for visit in visits {
        for finding in visit.findings.iter().filter(|finding| finding.new == new) {
            let key = finding.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
            let row = DigestRow {
                remedy: finding.remedy.clone(),
                any_remedy: finding.kind.remedy(),
                ..DigestRow::new(visit.user.name.as_str(), format!("{key}{}", finding.evidence.for_people()))
            };
            kinds.entry((finding.kind.rank(), finding.kind)).or_default().push(row);
        }
    }
    kinds.into_iter().map(|((_, kind), rows)| Section::of(&format!("{title}: {kind}"), rows)).collect()
}

/// Actions, a section a kind.
fn acted(visits: &[Visit], mode: Mode) -> Vec<Section> {
    let title = if mode == Mode::Audit { "Would be done" } else { "Done" };
    let mut kinds: BTreeMap<&str, Vec<DigestRow>> = BTreeMap::new();
    for visit in visits {
        for planned in &visit.actions {
            let row = DigestRow::new(visit.user.name.as_str(), planned.said().for_people());
            kinds.entry(planned.action.name()).or_default().push(row);
        }
    }
    kinds.into_iter().map(|(kind, rows)| Section::of(&format!("{title}: {kind}"), rows)).collect()
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
        Some(user) => format!(" Time was up after user {user}; the next part continues."),
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
        "Account {number}{name}: {}, {} in scope, {} checked, {} with a key that is too old, {}, {} left out after an error.{rest}{beyond}",
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
