//! What a rotation did, for tests to read.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;

use crate::rotation::functions::FunctionError;
use crate::world::World;

/// One invocation of the rotation function.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// Which run of the whole rotation this belongs to, from 1.
    pub attempt: u32,
    /// `createSecret`, `setSecret`, `testSecret` or `finishSecret`.
    pub step: &'static str,
    /// What the function answered.
    pub result: Result<Value, FunctionError>,
    /// How long it took, in simulated time.
    pub duration: Duration,
}

/// One rotation as the engine saw it.
#[derive(Clone, Debug, Serialize)]
pub struct RotationReport {
    /// The secret.
    pub secret_arn: String,
    /// The ClientRequestToken: the id of the version that was to become AWSCURRENT.
    pub token: String,
    /// When the engine began.
    pub started: SystemTime,
    /// When it gave up or was done.
    pub ended: SystemTime,
    /// Every step answered well and AWSCURRENT is on the token's version (of a test: testSecret
    /// answered well).
    pub succeeded: bool,
    /// Somebody else made a version meanwhile, or rotation was cancelled.
    pub stopped: bool,
    /// Only testSecret ran (`RotateImmediately=false`).
    pub test_only: bool,
    /// Every invocation in order.
    pub steps: Vec<StepReport>,
    /// Code and message that RotateSecret itself answered, if it refused: the steps are then those
    /// of the re-attempted earlier rotation, if any.
    pub refused: Option<String>,
}

impl RotationReport {
    /// The names of the steps in the order they ran, all attempts.
    #[must_use]
    pub fn step_names(&self) -> Vec<&'static str> {
        self.steps.iter().map(|step| step.step).collect()
    }

    /// The error of the last step that failed.
    #[must_use]
    pub fn error(&self) -> Option<&FunctionError> {
        self.steps.iter().rev().find_map(|step| step.result.as_ref().err())
    }
}

/// The events that CloudTrail would show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RotationEventKind {
    /// `RotationStarted`.
    Started,
    /// `RotationSucceeded`.
    Succeeded,
    /// `RotationFailed`.
    Failed,
    /// `RotationAbandoned`: AWSPENDING was stripped.
    Abandoned,
    /// `TestRotationStarted`.
    TestStarted,
    /// `TestRotationSucceeded`.
    TestSucceeded,
    /// `TestRotationFailed`.
    TestFailed,
}

/// One such event.
#[derive(Clone, Debug, Serialize)]
pub struct RotationEvent {
    /// When.
    pub at: SystemTime,
    /// The secret.
    pub secret_arn: String,
    /// The ClientRequestToken.
    pub token: String,
    /// What happened.
    pub kind: RotationEventKind,
    /// Why it failed, where a step did.
    pub error: Option<String>,
    /// The id of CloudTrail's record.
    pub id: String,
}

/// How many reports, and how many events, may pile up.
const MOST_KEPT: usize = 100_000;

/// Makes room for one more: the older half goes.
fn keep_newest<T>(kept: &mut Vec<T>) {
    if kept.len() >= MOST_KEPT {
        kept.drain(..MOST_KEPT / 2);
    }
}

impl World {
    pub(crate) fn note_report(&mut self, report: RotationReport) {
        self.note_cause(&report);
        keep_newest(&mut self.reports);
        self.reports.push(report);
    }

    pub(crate) fn note_event(&mut self, arn: &str, token: &str, kind: RotationEventKind, at: SystemTime) {
        keep_newest(&mut self.events);
        let (secret_arn, token, id) = (arn.to_owned(), token.to_owned(), self.ids.uuid("trail"));
        self.events.push(RotationEvent { at, secret_arn, token, kind, error: None, id });
    }

    /// Which step failed, for the event that has just been noted.
    fn note_cause(&mut self, report: &RotationReport) {
        let Some(failed) = report.steps.last().filter(|step| step.result.is_err()) else { return };
        let secret = self.secret(&report.secret_arn);
        let function = secret.and_then(|secret| secret.rotation.function_arn.clone()).unwrap_or_default();
        let failure = [RotationEventKind::Failed, RotationEventKind::TestFailed];
        if let Some(event) = self.events.last_mut()
            && event.token == report.token
            && failure.contains(&event.kind)
        {
            let step = failed.step;
            event.error = Some(format!("Error when executing lambda {function} during {step} step"));
        }
    }
}
