//! The end of an account's sweep: people are told, and what they were told is remembered.

use super::account::Account;
use super::answer::AccountAnswer;
use super::digest::{SweepReport, tell_of_sweep};
use super::recall::{Recall, Remembered, hash_of};
use super::survey::Survey;
use super::visit::Visit;
use crate::event::AccountEvent;
use crate::event::Invocation;

/// Tells the administrator, then writes on the secrets what is thereby known.
///
/// A crash in between repeats the alert.
pub(super) async fn conclude(
    account: &Account<'_>,
    event: &AccountEvent,
    survey: &Survey,
    visits: &[Visit],
    answer: &AccountAnswer,
    stopped_after: Option<&str>,
    invocation: &Invocation,
) {
    let request_id = &invocation.request_id;
    let recall = Recall {
        aws: account.aws,
        function_arn: &invocation.function_arn,
        account: account.number.as_deref().unwrap_or_default(),
    };
    // A sweep in parts has other lines in each of them.
    let whole = stopped_after.is_none() && event.resume.progress().is_none() && event.force_rotate.is_none();
    let lines = if whole { unremembered(account, survey, visits) } else { Vec::new() };
    let (hash, before) = match lines.is_empty() {
        true => (String::new(), Remembered::default()),
        false => (hash_of(&lines), recall.read().await),
    };
    let repeats = before.is(&hash);
    let report = SweepReport { account, event, survey, visits, answer, stopped_after, request_id, repeats };
    if !tell_of_sweep(&report).await {
        return;
    }
    if !lines.is_empty() && !repeats {
        recall.write(&hash, &before).await;
    }
    if !account.config.mode.acts() {
        return;
    }
    for (arn, ledger) in visits.iter().filter_map(|visit| visit.owed.as_ref()) {
        if let Err(error) = account.remember(arn, ledger).await {
            tracing::error!(secretArn = arn.as_str(), error = %error, "what was told could not be noted");
        }
    }
}

/// What a report says that no secret remembers: in an audit everything, otherwise what concerns users without
/// a secret, the list of secrets, and failures. The same is reported again after 30 days, a failure after a day.
fn unremembered(account: &Account<'_>, survey: &Survey, visits: &[Visit]) -> Vec<String> {
    const DAY: i64 = 24 * 60 * 60;
    let day = account.now().as_second().div_euclid(DAY);
    let audit = !account.config.mode.acts();
    let mut lines: Vec<String> = survey.unbound.iter().chain(&survey.odd_rows).cloned().collect();
    for visit in visits {
        let user = &visit.user.name;
        let forgotten = visit.findings.iter().filter(|finding| audit || (finding.new && !visit.remembers()));
        lines.extend(forgotten.map(|finding| {
            // The evidence of the others holds dates that move.
            let evidence = finding.kind.alerts_each_time().then(|| finding.evidence.to_string());
            let evidence = evidence.unwrap_or_default();
            // The hash of these lines is stored: another spelling of one reports everything anew.
            format!("{user} {} {:?} {evidence}", finding.kind, finding.key)
        }));
        if audit {
            lines.extend(visit.superseded.iter().map(|key| format!("{user} rotated {key}")));
            lines.extend(visit.actions.iter().map(|planned| format!("{user} {}", planned.action)));
        }
        lines.extend(visit.failure.iter().map(|error| format!("{user} {} {day}", error.error_type())));
    }
    if !lines.is_empty() {
        lines.push((day / 30).to_string());
    }
    lines
}
