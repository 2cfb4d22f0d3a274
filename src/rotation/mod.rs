//! The four steps of the rotation contract: observe, plan, execute, report.
//!
//! Every failure ends here: it is logged once, counted, told to SNS, and becomes the invocation's
//! error. A failing alert changes nothing about that.

mod execute;
mod observe;
mod prove;
mod storable;

use std::time::Duration;

use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument as _;

use execute::Executor;
use observe::Observer;

use crate::aws::Aws;
use crate::config::{Config, Unreadable};
use crate::defect::guarded;
use crate::error::{Error, Result};
use crate::event::Invocation;
use crate::event::{RotationEvent, Step};
use crate::lambda::Function;
use crate::model::names::TAG_REFUSED;
use crate::model::{Observation, Refusal};
use crate::notify;
use crate::plan::Planned;
use crate::plan::rotation::{self as steps, Action, Outcome, Plan};
use crate::telemetry::{Metric, Metrics};

/// How often a step looks at what does not show yet before it gives up: reads of Secrets Manager and
/// IAM may lag behind writes
/// ([IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency)).
const LOOKS: u32 = 20;
/// How long to wait between two of those.
const LOOK_WAIT: Duration = Duration::from_secs(1);
/// What is kept of the invocation's time to report that it was too short.
const REPORT_TIME: Duration = Duration::from_secs(2);
/// What is kept of that to answer.
const ANSWER_TIME: Duration = Duration::from_millis(500);

/// The rotation function: what is built once and serves every invocation.
#[derive(Debug)]
pub struct Rotator {
    aws: Aws,
    config: std::result::Result<Config, Unreadable>,
    metrics: Metrics,
}

/// What a successful invocation answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RotationAnswer {
    /// The step, as Secrets Manager names it.
    pub(crate) step: &'static str,
    /// `done`, `already-done` or `nothing-to-do`.
    pub(crate) outcome: &'static str,
    /// Why there was nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    /// What was done, in order, each with its reason.
    pub(crate) actions: Vec<String>,
}

impl Function for Rotator {
    type Config = Config;
    type Answer = RotationAnswer;

    fn settings(
        variables: impl Iterator<Item = (String, String)>,
    ) -> std::result::Result<Config, Unreadable> {
        Config::from_variables(variables)
    }

    fn new(aws: Aws, config: std::result::Result<Self::Config, Unreadable>, metrics: Metrics) -> Self {
        for note in config.iter().flat_map(|config| &config.notes) {
            tracing::warn!("{note}");
        }
        Self { aws, config, metrics }
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<RotationAnswer> {
        let start = Instant::now();
        let event = RotationEvent::parse(&event);
        let span = match &event {
            Ok(event) => tracing::info_span!(
                "rotation",
                step = event.step.as_str(),
                secretArn = event.secret_id.arn(),
                secretName = event.secret_id.name(),
                token = event.token.as_str(),
                requestId = invocation.request_id
            ),
            Err(_) => tracing::info_span!("rotation", requestId = invocation.request_id),
        };
        async {
            let result = match &event {
                Ok(event) => guarded(self.in_time(event, &invocation)).await,
                Err(error) => Err(error.clone()),
            };
            // A report that fails must not hide what it reports.
            let reported = guarded(async {
                match &result {
                    Ok(answer) => self.report_success(answer, start),
                    Err(error) => self.report_failure(error, event.as_ref().ok(), &invocation).await,
                }
                Ok(())
            });
            if let Err(error) = reported.await {
                tracing::error!(errorType = error.error_type(), error = %error, "the report failed");
            }
            result
        }
        .instrument(span)
        .await
    }
}

impl Rotator {
    /// Runs the step, and stops it while there is still time to say so. Stopping is like dying: the
    /// retry looks at what is there.
    async fn in_time(&self, event: &RotationEvent, invocation: &Invocation) -> Result<RotationAnswer> {
        let left = invocation.left();
        let end = invocation.deadline - REPORT_TIME.min(left / 4);
        // Boxed: a future that holds those of all AWS calls is large, and would be copied about.
        timeout_at(end, Box::pin(self.step(event, invocation, end))).await.unwrap_or_else(|_| {
            let problem = format!("{} did not end within {:.1} s", event.step, left.as_secs_f64());
            Err(Error::DeadlineTooShort { problem })
        })
    }

    async fn step(
        &self,
        event: &RotationEvent,
        invocation: &Invocation,
        deadline: Instant,
    ) -> Result<RotationAnswer> {
        let config = self.config.as_ref().map_err(|unreadable| Error::from(unreadable.clone()))?;
        let observer = Observer { aws: &self.aws, config, event, account: invocation.account() };
        let mut looks = 0;
        loop {
            looks += 1;
            let waited_for = match look(&observer).await {
                Ok((Some(seen), Plan { actions, outcome })) if !actions.is_empty() => {
                    let iam = observer.iam_of(&seen.secret, &seen.user).await?;
                    let request_id = invocation.request_id.as_str();
                    let executor = Executor { aws: &self.aws, config, event, iam, deadline, request_id };
                    let begun = Instant::now();
                    let done = executor
                        .run(&seen, actions, || Box::pin(async { Ok(look(&observer).await?.1) }))
                        .await?;
                    self.measure(&done, begun);
                    return answer(event.step, outcome, done);
                }
                Ok((_, Plan { outcome: Outcome::Wait(problem), .. })) => Error::PlanChanged { problem },
                Ok((_, Plan { outcome: Outcome::Refuse(error), .. })) => error,
                Ok((_, Plan { outcome, .. })) => return answer(event.step, outcome, Vec::new()),
                Err(error) => error,
            };
            if looks == LOOKS || !waited_for.may_be_lag() {
                return Err(waited_for);
            }
            tracing::info!(reason = %waited_for, "not yet");
            sleep(LOOK_WAIT).await;
        }
    }

    fn measure(&self, done: &[Planned<Action>], begun: Instant) {
        let mut retired = 0;
        for planned in done {
            match &planned.action {
                Action::ProveKey { .. } => self.metrics.emit(Metric::PropagationDelay(begun.elapsed()), &[]),
                Action::Promote { .. } => self.metrics.emit(Metric::RotationSucceeded, &[]),
                Action::Change(change) if change.is_destructive() => retired += 1,
                _ => {}
            }
        }
        if retired > 0 {
            self.metrics.emit(Metric::KeysRetired(retired), &[]);
        }
    }

    fn report_success(&self, answer: &RotationAnswer, start: Instant) {
        tracing::info!(
            outcome = answer.outcome,
            reason = answer.reason,
            actions = answer.actions.len(),
            "step ended"
        );
        self.metrics.emit(Metric::StepDuration(start.elapsed()), &[("step", answer.step)]);
    }

    async fn report_failure(&self, error: &Error, event: Option<&RotationEvent>, invocation: &Invocation) {
        tracing::error!(
            errorType = error.error_type(),
            step = event.map(|event| event.step.as_str()),
            secretArn = event.and_then(|event| event.secret_id.arn()),
            secretName = event.and_then(|event| event.secret_id.name()),
            token = event.map(|event| event.token.as_str()),
            user = error.user().map(|user| user.name.as_str()),
            keyId = error.key().map(|key| key.as_str()),
            requestId = invocation.request_id,
            error = error.chain(),
            "invocation failed"
        );
        let reporting = self.config.as_ref().err().map(Unreadable::reporting);
        let Some(config) = self.config.as_ref().ok().or(reporting.as_ref()) else { return };
        // Lambda must get the error itself, whatever becomes of the alert.
        let end = invocation.deadline - ANSWER_TIME.min(invocation.left() / 4);
        let told = timeout_at(end, Box::pin(self.tell(config, error, event, invocation))).await;
        if told.is_err() {
            tracing::error!("alert could not be sent before the invocation's end");
        }
    }

    /// Counts and alerts a failure; one that is reported once, only if it was not before.
    ///
    /// A crash between the alert and the tag repeats the alert.
    async fn tell(
        &self,
        config: &Config,
        error: &Error,
        event: Option<&RotationEvent>,
        invocation: &Invocation,
    ) {
        let (kind, now) = (error.error_type(), self.aws.clock.now());
        let lasting = event.filter(|_| error.is_reported_once());
        if let Some(event) = lasting
            && let Ok(secret) = self.aws.secrets.describe(event.secret_id.as_str()).await
            && secret.tags.get(TAG_REFUSED).is_some_and(|tag| Refusal::was_reported(tag, kind, now))
        {
            return tracing::info!(errorType = kind, "reported before, so no alert is sent");
        }
        self.metrics.emit(Metric::RotationFailed, &[("errorType", kind)]);
        let told = notify::alert_failure(&self.aws, config, error, event, &invocation.request_id).await;
        if let Some(event) = lasting.filter(|_| told) {
            let noted = Refusal { error_type: kind.into(), at: now }.to_tag();
            if let Err(error) = self.aws.secrets.tag(event.secret_id.as_str(), TAG_REFUSED, &noted).await {
                tracing::warn!(error = %error, "that the alert was sent could not be noted");
            }
        }
    }
}

/// Observes and plans one step.
async fn look(observer: &Observer<'_>) -> Result<(Option<Observation>, Plan)> {
    let mail = observer.config.email.from.is_some();
    Ok(match observer.event.step {
        Step::CreateSecret => {
            let seen = Box::pin(observer.create_secret()).await?;
            let plan =
                steps::create_secret(&seen, &observer.policy(&seen.secret)?, &observer.config.secret_name);
            (Some(seen), plan)
        }
        Step::SetSecret => (None, steps::set_secret()),
        Step::TestSecret => {
            let seen = observer.test_secret().await?;
            let plan = steps::test_secret(&seen);
            (Some(seen), plan)
        }
        Step::FinishSecret => {
            let seen = Box::pin(observer.finish_secret()).await?;
            let plan = steps::finish_secret(&seen, &observer.policy(&seen.secret)?, mail);
            (Some(seen), plan)
        }
    })
}

fn answer(step: Step, outcome: Outcome, done: Vec<Planned<Action>>) -> Result<RotationAnswer> {
    let (outcome, reason) = match outcome {
        Outcome::Done => ("done", String::new()),
        Outcome::AlreadyDone(reason) => ("already-done", reason),
        Outcome::NothingToDo(reason) => ("nothing-to-do", reason),
        Outcome::Wait(problem) => return Err(Error::PlanChanged { problem }),
        Outcome::Refuse(error) => return Err(error),
    };
    let actions = done.iter().map(ToString::to_string).collect();
    Ok(RotationAnswer { step: step.as_str(), outcome, reason, actions })
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self { error_type: error.error_type().into(), error_message: error.chain() }
    }
}
