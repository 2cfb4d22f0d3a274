//! Keys that strangers may have, as AWS reports them: measure by measure, until there is nothing left to do.
//!
//! A crash anywhere leaves what the next event, Lambda's own repetition of this one, or the next sweep goes on from:
//! what is done follows from the keys' state and from the note on the secret, which is written first.

mod alert;
mod case;
mod owner;
mod responder;

use std::time::Duration;

use super::account::Account;
use crate::aws::Aws;
use crate::config::{Exposed, SweepConfig};
use crate::error::{Error, Result};
use crate::event::{ExposedEvent, Invocation, Report};
use crate::model::Ledger;
use crate::telemetry::{Metric, Metrics};
use alert::alert;
use case::Case;
pub(super) use case::{End, ExposedAnswer};

/// What is kept of the invocation's time for the alert.
const CLOSING_TIME: Duration = Duration::from_secs(60);

/// Does what the settings say about the keys of an event.
pub(super) async fn respond(
    aws: &Aws,
    config: &SweepConfig,
    metrics: &Metrics,
    event: &ExposedEvent,
    invocation: &Invocation,
) -> Result<ExposedAnswer> {
    let response = response(config, event);
    let opened = Account::open(aws, config, event.account.as_deref(), &invocation.function_arn).await;
    let stop = invocation.deadline - CLOSING_TIME.min(invocation.left() / 4);
    let cases = match &opened {
        Ok(account) => {
            let responder = responder::Responder::new(account, event, stop);
            let mut cases: Vec<Case> = event.keys.iter().map(|key| Case::new(key, event.since)).collect();
            responder.respond_to_all(&mut cases, response).await;
            cases
        }
        // AWS reports it to the account of the organization's events, and no role leads to the key's own.
        Err(error) => event.keys.iter().map(|key| Case::out_of_reach(key, error)).collect(),
    };
    let account =
        opened.as_ref().ok().and_then(|account| account.number.clone()).or_else(|| event.account.clone());
    let mut answer = ExposedAnswer {
        account,
        mode: config.mode,
        exposed: response,
        outcome: outcome(&cases),
        keys: Vec::new(),
        others: event.others.clone(),
        dryrun: event.dryrun,
    };
    if event.dryrun {
        answer.keys = cases;
        return fail_or(answer);
    }
    let retired =
        cases.iter().flat_map(|case| &case.done).filter(|planned| planned.action.is_destructive()).count();
    if retired > 0 {
        metrics.emit(Metric::KeysRetired(u32::try_from(retired).unwrap_or(u32::MAX)), &[]);
    }
    let worth = cases.is_empty() || cases.iter().any(Case::is_news);
    let told = !worth || alert(aws, config, event, &answer, &cases, &invocation.request_id).await;
    if worth && told {
        for case in &cases {
            if let Ok(account) = &opened
                && let Err(error) = note_told(account, case).await
            {
                tracing::error!(key = case.key.as_str(), error = %error, "what was told could not be noted");
            }
        }
    }
    for case in &cases {
        if let Some(since) = case.since.filter(|_| case.end == End::Waits) {
            aws.lambda().invoke_later(&invocation.function_arn, &event.going_on(&case.key, since)).await?;
        }
    }
    answer.keys = cases;
    let answer = fail_or(answer)?;
    match told {
        true => Ok(answer),
        // No other sweep tells of it.
        false => Err(Error::AlertNotSent),
    }
}

/// Notes on the secret that people were told. It is read again: another of its keys may be exposed, too.
async fn note_told(account: &Account<'_>, case: &Case) -> Result<()> {
    let Some(arn) = case.owes() else { return Ok(()) };
    let secret = account.secrets.describe(arn).await?;
    let mut ledger = Ledger::of(Some(&secret), account.now());
    case.add_to(&mut ledger);
    account.remember(arn, &ledger).await
}

/// Lambda repeats an invocation that failed.
fn fail_or(mut answer: ExposedAnswer) -> Result<ExposedAnswer> {
    match answer.keys.iter_mut().find_map(|case| case.failure.take()) {
        Some(error) => Err(error),
        None => Ok(answer),
    }
}

fn outcome(cases: &[Case]) -> &'static str {
    if cases.iter().any(|case| case.end == End::Waits) {
        "continues"
    } else if cases.iter().any(|case| !case.actions.is_empty()) {
        "done"
    } else {
        "nothing-to-do"
    }
}

/// An audit changes nothing, nor does a sweep that does not know which secrets are enrolled, nor a mere suspicion.
fn response(config: &SweepConfig, event: &ExposedEvent) -> Exposed {
    let acts = config.mode.acts() && config.check_acting().is_ok() && event.report == Report::Exposed;
    if acts { config.exposed } else { Exposed::Alert }
}
