//! Works at exposed keys, measure by measure: it looks, plans one measure, carries it out, and looks again.

use futures_util::future::join_all;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

use super::super::account::Account;
use super::case::{Case, End};
use super::owner::{all_secrets, candidate, owner};
use crate::config::Exposed;
use crate::defect::guarded;
use crate::error::Result;
use crate::event::{ExposedEvent, Report};
use crate::model::{AccessKeyId, KeyStatus, Note, Phrase, RotationSetup, SecretState, phrase};
use crate::notify;
use crate::plan::because;
use crate::plan::exposed::{Measure, measure};
use crate::plan::sweep::{FleetAction, Notice, UserView, Wait, exposure, rotating_since};

/// How often it is looked whether the successor is current.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long is waited for the successor. A rotation takes a minute or two, most of it for the proof of the new key.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Works at the keys of one event.
pub(super) struct Responder<'a> {
    account: &'a Account<'a>,
    event: &'a ExposedEvent,
    stop: Instant,
    secrets: OnceCell<Vec<SecretState>>,
}

fn works(view: &UserView, key: &AccessKeyId) -> bool {
    view.keys.iter().any(|known| known.id == *key && known.status == KeyStatus::Active)
}

impl<'a> Responder<'a> {
    pub(super) fn new(account: &'a Account<'a>, event: &'a ExposedEvent, stop: Instant) -> Self {
        Self { account, event, stop, secrets: OnceCell::new() }
    }

    /// Of several keys of one user, one may be in the way of the other's successor until it is deactivated. So what
    /// needs no waiting and cuts nobody off is done first, for each of them.
    pub(super) async fn respond_to_all(&self, cases: &mut [Case], response: Exposed) {
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
        let secrets = self.secrets.get_or_try_init(|| all_secrets(self.account)).await?;
        let Some(user) = owner(self.account, key, secrets, self.event.user.as_deref()).await? else {
            case.reason = self.of_nobody();
            return Ok(());
        };
        let candidate = candidate(self.account, &user, secrets).await?;
        case.user = Some(user);
        loop {
            let mut view = match self.account.look(&candidate, &case.done).await {
                Ok(view) => view,
                // IAM still lists a key that the rotation has deleted to make room, and no longer says when it was used.
                Err(error) if case.since.is_some() && waits && Instant::now() < self.stop => {
                    tracing::warn!(key = key.as_str(), error = error.chain(), "read again");
                    sleep(LOOK_EVERY).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            // IAM's lists still show a key as active for a moment.
            for known in view.keys.iter_mut().filter(|known| case.deactivated && known.id == *key) {
                known.status = KeyStatus::Inactive;
            }
            self.settle_wait(case, &view);
            let exposure = exposure(&view, self.account.config, key, case.wait.clone());
            let next = measure(&exposure, response);
            // Nothing is noted of a suspicion: a sweep would take it for an exposure.
            let remembers = self.account.config.mode.acts() && self.event.report == Report::Exposed;
            case.see(&view, exposure.hands_off.is_none(), remembers);
            case.in_the_way = exposure.in_the_way;
            if self.event.dryrun {
                case.foresee(next);
                return Ok(());
            }
            match next {
                Measure::Request(setup) => {
                    self.note(case).await;
                    if !self.request(&view, setup, case, waits).await {
                        return Ok(());
                    }
                }
                Measure::Await => {
                    self.note(case).await;
                    case.since.get_or_insert(view.now);
                    if !waits || self.is_time_up(case) {
                        return Ok(());
                    }
                    sleep(LOOK_EVERY).await;
                }
                // A rotation may promote a pending key while the note is written, so it is looked at again before that.
                Measure::Deactivate { .. } if self.note(case).await && case.role == Some("pending") => {}
                // It is looked at once more after it, for the same reason.
                Measure::Deactivate { planned, cut_off } => {
                    self.account
                        .execute(&view, vec![planned.clone().map(FleetAction::Change)], &mut case.done)
                        .await?;
                    case.actions.push(planned.to_string());
                    (case.reason, case.cut_off) = (planned.reason, cut_off);
                    case.deactivated = true;
                }
                Measure::Report(why) | Measure::Blocked(why) if works(&view, key) => {
                    case.reason = why;
                    return Ok(());
                }
                Measure::Report(why) | Measure::Blocked(why) | Measure::Over(why) => {
                    case.close(&view, why);
                    return self.tell_user(&view, case).await;
                }
            }
        }
    }

    /// What the event says of an earlier wait is believed as far as a rotation is under way, and since when.
    fn settle_wait(&self, case: &mut Case, view: &UserView) {
        if case.role.is_none() && case.wait == Wait::Asked {
            let began = rotating_since(view, self.account.config);
            let since = began.and_then(|began| Some(case.since?.clamp(began.min(view.now), view.now)));
            (case.since, case.wait) = (since, if since.is_some() { Wait::Asked } else { Wait::NotAsked });
        }
        let waited = |since| view.now.duration_since(since).unsigned_abs() >= PATIENCE;
        if let Some(since) = case.since.filter(|since| waited(*since))
            && case.wait == Wait::Asked
        {
            case.wait = Wait::Over(since);
        }
    }

    /// Whether the wait goes on in another invocation.
    fn is_time_up(&self, case: &mut Case) -> bool {
        let up = Instant::now() >= self.stop;
        if up {
            case.end = End::Waits;
            case.reason = "its successor is not current yet".into();
        }
        up
    }

    fn of_nobody(&self) -> Phrase {
        let account = self.account.number.as_deref().unwrap_or("of the sweep");
        phrase!(format_args!(
            "IAM names no user of account {account} for it: it was deleted, or it is the root user's or another account's"
        ))
    }

    /// Remembers on the secret that the key is exposed, so that a sweep finishes what breaks off here.
    ///
    /// It must not keep a key from being revoked, so a failure is logged alone. Answers whether there was anything to write.
    async fn note(&self, case: &mut Case) -> bool {
        let Some((arn, ledger)) = &mut case.owed else { return false };
        if ledger.has(&case.key, Note::Exposed) {
            return false;
        }
        ledger.note(&case.key, Note::Exposed);
        if let Err(error) = self.account.remember(arn, ledger).await {
            tracing::error!(secretArn = arn.as_str(), error = %error, "the exposure could not be noted");
        }
        true
    }

    /// Asks for a successor; answers whether to look again. What may succeed a moment later is asked for again, as long
    /// as a successor would be waited for.
    async fn request(
        &self,
        view: &UserView,
        setup: Option<RotationSetup>,
        case: &mut Case,
        waits: bool,
    ) -> bool {
        let arn = view.secret.as_ref().map_or("", |secret| secret.arn.as_str());
        let since = *case.since.get_or_insert(view.now);
        let error = match self.account.secrets.rotate(arn, setup.as_ref()).await {
            // Secrets Manager has begun an earlier one again.
            Err(error) if !error.is_reattempt() => error,
            _ => {
                case.did(because(FleetAction::RequestRotation { setup }, "its key is exposed"));
                case.wait = Wait::Asked;
                return true;
            }
        };
        tracing::error!(secretArn = arn, error = %error, "no successor could be requested");
        let waited = view.now.duration_since(since).unsigned_abs() >= PATIENCE;
        if error.is_permanent() || waited {
            case.wait = Wait::Refused(phrase!("the rotation could not be requested: ", &error.words()));
            return true;
        }
        if !waits || self.is_time_up(case) {
            return false;
        }
        sleep(LOOK_EVERY).await;
        true
    }

    async fn tell_user(&self, view: &UserView, case: &mut Case) -> Result<()> {
        let Some(secret) = view.secret.as_ref().filter(|_| case.deactivated) else { return Ok(()) };
        let notices = [Notice::Revoked { key: case.key.clone(), replaced: case.replaced }];
        let (config, owner) = (self.account.config, self.account.owner.as_deref());
        let told = notify::tell_of_keys(self.account.aws, config, view, secret, &notices, owner).await;
        case.not_mailed = told.err().map(|error| error.chain());
        Ok(())
    }
}
