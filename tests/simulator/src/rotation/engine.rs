//! Runs rotations: four steps in order, stop at the first error, again from the start with the same
//! token.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::rotation::report::{RotationEvent, RotationEventKind, RotationReport, StepReport};
use crate::rotation::schedule;
use crate::secretsmanager::{begin, note_state};
use crate::simulator::{Simulator, State};
use crate::world::Effect;
use crate::world::secret::{CURRENT, PENDING};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
const TEST_STEPS: [&str; 1] = ["testSecret"];

/// What one run needs to know.
#[derive(Clone, Debug)]
struct Run {
    function_arn: String,
    event: Value,
    steps: &'static [&'static str],
    attempts: u32,
    retry_delay: Duration,
}

/// A rotation between two invocations of its function. A clone goes on from the same place, once
/// the simulator is back there ([`Simulator::restore`]).
#[derive(Clone, Debug)]
pub struct Rotation {
    secret_arn: String,
    token: String,
    refused: Option<String>,
    started: SystemTime,
    /// Whether RotateSecret staged it.
    begun: bool,
    /// `None` if there is nothing to run.
    run: Option<Run>,
    /// Which run of the whole rotation comes next, from 1, and which of its steps.
    attempt: u32,
    step: usize,
    done: bool,
    steps: Vec<StepReport>,
}

impl Simulator {
    /// RotateSecret, and the wait for its end.
    ///
    /// Where RotateSecret refuses because an earlier rotation is not complete, the report is that of
    /// the re-attempt that AWS starts then, with the refusal in `refused`.
    pub async fn rotate(&self, secret_arn: &str) -> RotationReport {
        let rotation = self.rotation(secret_arn);
        self.run_rotation(rotation).await
    }

    /// RotateSecret alone: whoever asked runs the steps, with [`Simulator::step`].
    #[must_use]
    pub fn rotation(&self, secret_arn: &str) -> Rotation {
        let token = self.with(|state| state.world.ids.uuid("version-id"));
        let (refused, begun) = self.begin_rotation(secret_arn, &token);
        match begun {
            Some(token) => self.begun(secret_arn, &token, refused),
            None => Rotation { begun: false, run: None, ..self.begun(secret_arn, &token, refused) },
        }
    }

    /// RotateSecret, answered at once: the engine runs in a task of its own.
    ///
    /// # Errors
    /// Code and message of RotateSecret's refusal; an incomplete earlier rotation is re-attempted
    /// nevertheless.
    pub fn start_rotation(&self, secret_arn: &str) -> Result<String, String> {
        let token = self.with(|state| state.world.ids.uuid("version-id"));
        let (refused, begun) = self.begin_rotation(secret_arn, &token);
        if let Some(begun) = begun {
            let simulator = self.clone();
            let rotation = self.begun(secret_arn, &begun, None);
            tokio::spawn(async move { simulator.run_rotation(rotation).await });
        }
        refused.map_or(Ok(token), Err)
    }

    /// Rotates every secret whose NextRotationDate has come, one after the other.
    pub async fn run_due_rotations(&self) -> Vec<RotationReport> {
        let due: Vec<String> = self.with(|state| {
            let now = state.clock.now();
            let secrets = state.world.stores.values();
            secrets
                .flat_map(|store| store.secrets.values())
                .filter(|secret| secret.rotation.enabled && secret.deleted.is_none())
                .filter(|secret| secret.primary.is_none())
                .filter(|secret| secret.rotation.next.is_some_and(|next| next <= now))
                .map(|secret| secret.arn.clone())
                .collect()
        });
        let mut reports = Vec::new();
        for arn in due {
            reports.push(self.rotate(&arn).await);
        }
        reports
    }

    /// Every rotation of a secret that has ended, oldest first.
    #[must_use]
    pub fn rotation_reports(&self, secret_arn: &str) -> Vec<RotationReport> {
        self.with(|state| {
            let reports = state.world.reports.iter();
            reports.filter(|report| report.secret_arn == secret_arn).cloned().collect()
        })
    }

    /// RotationStarted, -Succeeded, -Failed and -Abandoned of a secret, oldest first.
    #[must_use]
    pub fn rotation_events(&self, secret_arn: &str) -> Vec<RotationEvent> {
        self.with(|state| {
            let events = state.world.events.iter();
            events.filter(|event| event.secret_arn == secret_arn).cloned().collect()
        })
    }

    /// Waits until the engine is not at work on this secret.
    pub async fn rotation_finished(&self, secret_arn: &str) {
        let mut ended = self.ended_rotations().subscribe();
        loop {
            let running = self.with(|state| {
                let secret = state.world.secret(secret_arn);
                secret.and_then(|secret| secret.ongoing.as_ref()).is_some_and(|ongoing| ongoing.running)
            });
            // The sender lives as long as this handle.
            if !running || ended.changed().await.is_err() {
                return;
            }
        }
    }

    /// The refusal, if any, and the token of the rotation that is to be run now, if any.
    fn begin_rotation(&self, arn: &str, token: &str) -> (Option<String>, Option<String>) {
        self.with(|state| {
            let configured = state
                .world
                .secret(arn)
                .is_some_and(|secret| secret.deleted.is_none() && secret.rotation.function_arn.is_some());
            if !configured {
                let refusal = "InvalidRequestException: No Lambda rotation function ARN is \
                               associated with this secret.";
                return (Some(refusal.to_owned()), None);
            }
            let (now, lags) = (state.clock.now(), state.options.secret_lags());
            let note = |state: &mut State, before| {
                if let Some(secret) = state.world.secret(arn) {
                    note_state(secret, now, before, lags);
                }
            };
            note(state, true);
            let refused = begin(state, arn, token, true)
                .err()
                .map(|error| format!("{}: {}", error.code, error.message));
            note(state, false);
            let mut begun = None;
            state.world.outbox.retain(|effect| match effect {
                Effect::Rotate { arn: of, token } if of == arn => {
                    begun = Some(token.clone());
                    false
                }
                _ => true,
            });
            (refused, begun)
        })
    }

    /// What [`begin`] staged.
    pub(crate) fn begun(&self, arn: &str, token: &str, refused: Option<String>) -> Rotation {
        self.with(|state| Rotation {
            secret_arn: arn.to_owned(),
            token: token.to_owned(),
            refused,
            started: state.clock.now(),
            begun: true,
            run: state.plan_run(arn, token),
            attempt: 1,
            step: 0,
            done: false,
            steps: Vec::new(),
        })
    }

    pub(crate) async fn run_rotation(&self, mut rotation: Rotation) -> RotationReport {
        while self.step(&mut rotation).await {}
        self.finish(rotation)
    }

    /// Invokes the function for the next step; `false` if there is none.
    pub async fn step(&self, rotation: &mut Rotation) -> bool {
        let Some(run) = &rotation.run else { return false };
        if rotation.done || rotation.attempt > run.attempts.max(1) || self.is_stopped(&rotation.secret_arn) {
            return false;
        }
        if rotation.attempt > 1 && rotation.step == 0 {
            tokio::time::sleep(run.retry_delay).await;
            if self.is_stopped(&rotation.secret_arn) {
                return false;
            }
        }
        let step = run.steps[rotation.step];
        let mut event = run.event.clone();
        event["Step"] = json!(step);
        let (attempt, began) = (rotation.attempt, self.now());
        let result = self.invoke(&run.function_arn, event).await;
        if result.is_ok() {
            rotation.step += 1;
            rotation.done = rotation.step == run.steps.len();
        } else {
            (rotation.step, rotation.attempt) = (0, rotation.attempt + 1);
        }
        rotation.steps.push(StepReport {
            attempt,
            step,
            result,
            duration: self.now().duration_since(began).unwrap_or_default(),
        });
        true
    }

    /// Ends a rotation of which every step was run.
    #[must_use]
    pub fn finish(&self, rotation: Rotation) -> RotationReport {
        let begun = rotation.begun;
        let report = self.with(|state| {
            let mut report = RotationReport {
                secret_arn: rotation.secret_arn,
                token: rotation.token,
                started: rotation.started,
                ended: state.clock.now(),
                succeeded: rotation.done,
                stopped: false,
                test_only: false,
                steps: rotation.steps,
                refused: rotation.refused,
            };
            if begun {
                state.finish_run(&mut report);
            }
            report
        });
        self.ended_rotations().send_modify(|count| *count += 1);
        report
    }

    fn is_stopped(&self, arn: &str) -> bool {
        self.with(|state| {
            let secret = state.world.secret(arn);
            secret.and_then(|secret| secret.ongoing.as_ref()).is_none_or(|ongoing| ongoing.stopped)
        })
    }
}

impl State {
    fn plan_run(&mut self, arn: &str, token: &str) -> Option<Run> {
        let secret = self.world.secret(arn)?;
        let ongoing = secret.ongoing.as_ref()?;
        Some(Run {
            function_arn: secret.rotation.function_arn.clone()?,
            event: json!({
                "Step": "",
                "SecretId": arn,
                "ClientRequestToken": token,
                "RotationToken": ongoing.rotation_token,
            }),
            steps: if ongoing.test_only { &TEST_STEPS } else { &STEPS },
            attempts: self.options.rotation_attempts,
            retry_delay: self.options.retry_delay,
        })
    }

    /// Notes the end of a run, and completes its report. LastRotatedDate moves only when AWSCURRENT
    /// did.
    fn finish_run(&mut self, report: &mut RotationReport) {
        let now = report.ended;
        let lags = self.options.secret_lags();
        let (arn, token) = (report.secret_arn.clone(), report.token.clone());
        let Some(secret) = self.world.secret(&arn) else {
            report.succeeded = false;
            return;
        };
        note_state(secret, now, true, lags);
        if let Some(ongoing) = &mut secret.ongoing {
            report.stopped = ongoing.stopped;
            report.test_only = ongoing.test_only;
            ongoing.running = false;
        }
        if report.test_only {
            secret.detach(PENDING, now);
            secret.versions.retain(|version| version.id != token);
        } else {
            report.succeeded &= secret.has_label(&token, CURRENT);
        }
        report.succeeded &= !report.stopped;
        if report.succeeded && !report.test_only {
            secret.rotated = Some(now);
            secret.rotation.next = schedule::next(secret.rotation.rules.as_ref(), now, now);
        }
        let again = !report.succeeded && !report.test_only && secret.has_label(&token, PENDING);
        if !again {
            secret.ongoing = None;
        } else if let Some(ongoing) = &mut secret.ongoing {
            ongoing.stopped = false;
        }
        note_state(secret, now, false, lags);
        self.world.replicate(&arn, now, &self.options);
        let kind = match (report.test_only, report.succeeded) {
            (true, true) => RotationEventKind::TestSucceeded,
            (true, false) => RotationEventKind::TestFailed,
            (false, true) => RotationEventKind::Succeeded,
            (false, false) => RotationEventKind::Failed,
        };
        if !report.stopped {
            self.world.note_event(&arn, &token, kind, now);
        }
        self.world.note_report(report.clone());
    }
}
