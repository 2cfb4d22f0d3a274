//! Keys that strangers may have, as AWS reports them: measure by measure, until there is nothing left to do.
//!
//! A crash anywhere leaves what the next event, Lambda's own repetition of this one, or the next sweep goes on from:
//! what is done follows from the keys' state and from the note on the secret, which is written first.

mod alert;
mod case;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::account::Account;
use crate::aws::{Aws, KeyOwner, MOST_PAGES};
use crate::config::{Exposed, SweepConfig};
use crate::defect::guarded;
use crate::error::{Error, Result};
use crate::event::{ExposedEvent, Invocation, Report};
use crate::model::{AccessKeyId, KeyStatus, Keyring, Ledger, Note, Phrase, RotationSetup, UserName, phrase};
use crate::notify;
use crate::plan::exposed::{Measure, measure};
use crate::plan::sweep::{FleetAction, Notice, UserView, Wait, exposure};
use crate::plan::{Planned, because, bind_user_by_labels};
use crate::telemetry::{Metric, Metrics};
use alert::alert;
use case::Case;
pub(super) use case::{End, ExposedAnswer};

/// How often it is looked whether the successor is current.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long is waited for the successor. A rotation takes a minute or two, most of it for the proof of the new key.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
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
            let responder = Responder { account, event, stop };
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

struct Responder<'a> {
    account: &'a Account<'a>,
    event: &'a ExposedEvent,
    stop: Instant,
}

fn works(view: &UserView, key: &AccessKeyId) -> bool {
    view.keys.iter().any(|known| known.id == *key && known.status == KeyStatus::Active)
}

/// Whether a rotation is making the successor, or has failed to.
fn is_rotating(view: &UserView) -> bool {
    view.secret.as_ref().is_some_and(|secret| secret.pending().unfinished().is_some())
}

impl Responder<'_> {
    /// Of several keys of one user, one may be in the way of the other's successor until it is deactivated. So what
    /// needs no waiting and cuts nobody off is done first, for each of them.
    async fn respond_to_all(&self, cases: &mut [Case], response: Exposed) {
        if cases.len() > 1 && response != Exposed::Alert && !self.event.dryrun {
            for case in &mut *cases {
                self.respond(case, Exposed::Rotate, false).await;
            }
        }
        let open = cases.iter_mut().filter(|case| case.end != End::Over);
        join_all(open.map(|case| self.respond(case, response, true))).await;
    }

    async fn respond(&self, case: &mut Case, response: Exposed, waits: bool) {
        case.failure = None;
        // What fails for one key must not keep the others from being revoked.
        if let Err(error) = guarded(Box::pin(self.work(case, response, waits))).await {
            let key = case.key.as_str();
            tracing::error!(key, errorType = error.error_type(), error = error.chain(), "exposed key");
            case.reason = error.chain().into();
            case.failure = Some(error);
        }
    }

    async fn work(&self, case: &mut Case, response: Exposed, waits: bool) -> Result<()> {
        let key = &case.key.clone();
        let Some(user) = self.owner(key).await? else {
            case.reason = self.of_nobody();
            return Ok(());
        };
        let candidate = self.account.tagged_candidate(&user).await?;
        case.user = Some(user);
        let mut wait = if case.since.is_some() { Wait::Asked } else { Wait::NotAsked };
        loop {
            let view = match self.account.look(&candidate, &case.done).await {
                Ok(view) => view,
                // IAM still lists a key that the rotation has deleted to make room, and no longer says when it was used.
                Err(error) if case.since.is_some() && waits && Instant::now() < self.stop => {
                    tracing::warn!(key = key.as_str(), error = error.chain(), "read again");
                    sleep(LOOK_EVERY).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if case.role.is_none() && case.since.is_some() && !is_rotating(&view) {
                // Whoever sent the event says that a successor is awaited, and none is being made.
                (case.since, wait) = (None, Wait::NotAsked);
            }
            if let Some(since) =
                case.since.filter(|since| view.now.duration_since(*since).unsigned_abs() >= PATIENCE)
                && !matches!(wait, Wait::Refused(_))
            {
                wait = Wait::Over(since);
            }
            let exposure = exposure(&view, self.account.config, key, wait.clone());
            let next = measure(&exposure, response);
            // Nothing is noted of a suspicion: a sweep would take it for an exposure.
            let remembers = self.account.config.mode.acts() && self.event.report == Report::Exposed;
            case.see(&view, exposure.hands_off.is_none(), remembers);
            if self.event.dryrun {
                case.foresee(next);
                return Ok(());
            }
            match next {
                Measure::Request(setup) => {
                    self.note(case).await;
                    wait = self.request(&view, setup, case).await;
                }
                Measure::Await => {
                    self.note(case).await;
                    case.since.get_or_insert(view.now);
                    if !waits {
                        return Ok(());
                    }
                    if Instant::now() >= self.stop {
                        case.end = End::Waits;
                        case.reason = "its successor is not current yet".into();
                        return Ok(());
                    }
                    sleep(LOOK_EVERY).await;
                }
                Measure::Deactivate { planned, cut_off } => {
                    self.note(case).await;
                    return self.revoke(&view, planned.map(FleetAction::Change), cut_off, case).await;
                }
                Measure::Report(why) | Measure::Blocked(why) if works(&view, key) => {
                    case.reason = why;
                    return Ok(());
                }
                Measure::Report(why) | Measure::Blocked(why) | Measure::Over(why) => {
                    (case.end, case.reason) = (End::Over, why);
                    return Ok(());
                }
            }
        }
    }

    fn of_nobody(&self) -> Phrase {
        let account = self.account.number.as_deref().unwrap_or("of the sweep");
        phrase!(format_args!(
            "IAM names no user of account {account} for it: it was deleted, or it is the root user's or another account's"
        ))
    }

    /// Whose key it is. IAM refuses to say of a key that it does not know; then a secret's label may tell, and the user
    /// that the event names is asked.
    async fn owner(&self, key: &AccessKeyId) -> Result<Option<UserName>> {
        if let KeyOwner::User(name) = self.account.iam.owner(key).await? {
            return Ok(Some(UserName::new(name)));
        }
        if let Some(user) = self.labelled(key).await? {
            return Ok(Some(user));
        }
        let Some(named) = &self.event.user else { return Ok(None) };
        match self.account.iam.list_access_keys(named).await {
            // A user whose key it no longer is: it was deleted.
            Ok(_) => Ok(Some(UserName::new(named))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The user of a secret that has the key's id as a label.
    async fn labelled(&self, key: &AccessKeyId) -> Result<Option<UserName>> {
        let template = &self.account.config.shared.secret_name;
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let (page, more) = self.account.secrets.list(&[], next.take()).await?;
            let holders = page.iter().filter(|secret| secret.labelled_keys().contains(key));
            let mut users = holders.filter_map(|secret| bind_user_by_labels(secret, template, |_| true));
            if let Some(user) = users.find(|user| self.account.number.as_ref() == Some(&user.account)) {
                return Ok(Some(user.name));
            }
            match more {
                Some(more) => next = Some(more),
                None => break,
            }
        }
        Ok(None)
    }

    /// Remembers on the secret that the key is exposed, so that a sweep finishes what breaks off here.
    ///
    /// It must not keep a key from being revoked, so a failure is logged alone.
    async fn note(&self, case: &mut Case) {
        let Some((arn, ledger)) = &mut case.owed else { return };
        if ledger.has(&case.key, Note::Exposed) {
            return;
        }
        ledger.note(&case.key, Note::Exposed);
        if let Err(error) = self.account.remember(arn, ledger).await {
            tracing::error!(secretArn = arn.as_str(), error = %error, "the exposure could not be noted");
        }
    }

    async fn request(&self, view: &UserView, setup: Option<RotationSetup>, case: &mut Case) -> Wait {
        let arn = view.secret.as_ref().map_or("", |secret| secret.arn.as_str());
        case.since.get_or_insert(view.now);
        match self.account.secrets.rotate(arn, setup.as_ref()).await {
            // Secrets Manager has begun an earlier one again.
            Err(error) if !error.is_reattempt() => {
                tracing::error!(secretArn = arn, error = %error, "no successor could be requested");
                Wait::Refused(phrase!("the rotation could not be requested: ", &error.words()))
            }
            _ => {
                case.did(because(FleetAction::RequestRotation { setup }, "its key is exposed"));
                Wait::Asked
            }
        }
    }

    async fn revoke(
        &self,
        view: &UserView,
        planned: Planned<FleetAction>,
        cut_off: Option<Phrase>,
        case: &mut Case,
    ) -> Result<()> {
        self.account.execute(view, vec![planned.clone()], &mut case.done).await?;
        case.actions.push(planned.to_string());
        (case.end, case.reason) = (End::Over, planned.reason);
        let seen = Keyring::of_lists(view.secret.as_ref(), &view.keys, view.now);
        let replaced = seen
            .current()
            .is_some_and(|current| current.id != case.key && current.status == KeyStatus::Active);
        // Of a key that is still in AWSCURRENT the recovery window begins later.
        case.off_since = Some(view.now).filter(|_| replaced);
        case.cut_off = cut_off;
        let Some(secret) = &view.secret else { return Ok(()) };
        let notices = [Notice::Revoked { key: case.key.clone(), replaced }];
        let (config, owner) = (self.account.config, self.account.owner.as_deref());
        let told = notify::tell_of_keys(self.account.aws, config, view, secret, &notices, owner).await;
        case.not_mailed = told.err().map(|error| error.chain());
        Ok(())
    }
}
