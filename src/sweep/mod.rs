//! The fleet: every user of an account, every account of an organization.
//!
//! For each user: observe → plan → execute, as for a rotation. What makes it a fleet is that most
//! users need nothing and cost nothing: the survey tells them from three lists, and only the
//! others are visited.
//!
//! A failed read skips the user it was for, and says so; a failed list ends the sweep, because it
//! could not say who was missed.

mod account;
mod answer;
mod candidate;
mod conclude;
mod creation;
mod digest;
mod execute;
mod exposed;
#[cfg(feature = "cli")]
mod glance;
mod lifecycle;
mod look;
mod organization;
mod organization_digest;
mod recall;
mod run;
mod secret_policy;
mod survey;
mod visit;

use serde_json::Value;
use tracing::Instrument as _;

use crate::aws::Aws;
use crate::config::{Mode, SweepConfig, Unreadable};
use crate::defect::guarded;
use crate::error::{Error, Result};
use crate::event::{Invocation, SweepEvent};
use crate::lambda::Function;
use crate::notify;
use crate::telemetry::{Metric, Metrics};

pub use account::{Account, Stop};
pub(crate) use candidate::Candidate;
#[cfg(feature = "cli")]
pub(crate) use glance::UserTags;
pub(crate) use survey::Survey;
pub(crate) use visit::Visit;

/// The sweep function: what is built once and serves every invocation.
#[derive(Debug)]
pub struct Sweeper {
    aws: Aws,
    config: std::result::Result<SweepConfig, Unreadable>,
    metrics: Metrics,
}

impl Function for Sweeper {
    type Config = SweepConfig;
    type Answer = Value;

    fn settings(
        variables: impl Iterator<Item = (String, String)>,
    ) -> std::result::Result<SweepConfig, Unreadable> {
        SweepConfig::from_variables(variables)
    }

    fn new(aws: Aws, config: std::result::Result<Self::Config, Unreadable>, metrics: Metrics) -> Self {
        for note in config.iter().flat_map(|config| &config.shared.notes) {
            tracing::warn!("{note}");
        }
        Self { aws, config, metrics }
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value> {
        let span = tracing::info_span!("sweep", requestId = invocation.request_id);
        async {
            let event = SweepEvent::parse(&event);
            // In an organization the accounts' failures are alerted together, at the end.
            let collected = match &event {
                Ok(SweepEvent::Account(event)) => event.is_part_of_many(),
                // Its own alert names the keys and what failed.
                Ok(SweepEvent::Exposed(_)) => self.config.is_ok(),
                _ => false,
            };
            let result = guarded(Box::pin(self.answer(event, &invocation))).await;
            if let Err(error) = &result {
                let reported = async {
                    self.report_failure(error, !collected, &invocation).await;
                    Ok(())
                };
                if let Err(error) = guarded(reported).await {
                    tracing::error!(errorType = error.error_type(), error = %error, "the report failed");
                }
            }
            result
        }
        .instrument(span)
        .await
    }
}

impl Sweeper {
    async fn answer(&self, event: Result<SweepEvent>, invocation: &Invocation) -> Result<Value> {
        let config = self.config.as_ref().map_err(|unreadable| Error::from(unreadable.clone()))?;
        let answer = match event? {
            SweepEvent::Account(event) => {
                let mut config = config.clone();
                if event.dryrun {
                    config.mode = Mode::Audit;
                }
                config.check_acting()?;
                let answer = run::sweep(&self.aws, &config, &self.metrics, &event, invocation).await?;
                serde_json::to_value(answer)
            }
            SweepEvent::Lifecycle { action, user } => {
                config.check_acting()?;
                serde_json::to_value(lifecycle::step(&self.aws, config, action, &user, invocation).await?)
            }
            SweepEvent::Exposed(event) => serde_json::to_value(
                exposed::respond(&self.aws, config, &self.metrics, &event, invocation).await?,
            ),
            SweepEvent::Accounts { unit, accounts, marker } => serde_json::to_value(
                organization::accounts(&self.aws, unit.as_deref(), &accounts, marker.as_deref()).await?,
            ),
            SweepEvent::Conclude { results } => serde_json::to_value(
                organization::conclude(&self.aws, config, &results, &invocation.function_arn).await,
            ),
        };
        answer
            .map_err(|error| Error::PlanChanged { problem: format!("the answer cannot be written: {error}") })
    }

    async fn report_failure(&self, error: &Error, alert: bool, invocation: &Invocation) {
        tracing::error!(errorType = error.error_type(), error = error.chain(), "sweep failed");
        self.metrics.emit(Metric::SweepFailed, &[("errorType", error.error_type())]);
        let reporting = self.config.as_ref().err().map(Unreadable::reporting);
        let config = self.config.as_ref().ok().map(|config| &config.shared).or(reporting.as_ref());
        if let Some(config) = config.filter(|_| alert) {
            notify::alert_sweep_failure(&self.aws, config, error, &invocation.request_id).await;
        }
    }
}
