//! A rotation, followed from staging labels and keys: no value is read.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::super::target::Target;
use super::super::{Failure, Session, Terminal, doctor};
use crate::aws::LoggedError;
use crate::model::names::{AWSCURRENT, AWSPENDING};
use crate::model::{AccessKeyId, KeyStatus, VersionId};

/// How often AWS is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After how many looks the function's log is searched, and CloudTrail asked, which is minutes late.
const ASK_LOG_EVERY: u32 = 3;
const ASK_TRAIL_EVERY: u32 = 15;
/// What Secrets Manager puts right by repeating the rotation.
const HEALS: [&str; 5] =
    ["NotPropagated", "Throttled", "PlanChanged", "DeadlineTooShort", "ServiceUnavailable"];

/// How far this clock and the log's may differ.
const CLOCK_SLACK: Duration = Duration::from_secs(60);
/// How long before this RotateSecret was called, by CloudTrail's clock, which has whole seconds.
const TRAIL_SLACK: Duration = Duration::from_secs(2);
const LOG_UNREADABLE: &str =
    "the function's log cannot be read: a failure shows in CloudTrail alone, up to 15 minutes late";

/// How a rotation ended, as far as it was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Followed {
    /// AWSCURRENT moved to it, and its key is active.
    Promoted,
    /// Not, and what is known of why has been told.
    NotPromoted,
}

struct Progress {
    begun: Instant,
    since: Timestamp,
    told: Option<LoggedError>,
    /// Where the function logs to; `None` where that cannot be found out, or the log cannot be read.
    log_group: Option<String>,
    version: VersionId,
    made: Option<AccessKeyId>,
}

/// Follows a rotation to its end.
pub(in crate::cli) async fn follow(
    session: &Session,
    target: &mut Target<'_>,
    version: &VersionId,
    timeout: Duration,
    terminal: &mut Terminal,
) -> Result<Followed, Failure> {
    let requested = session.aws.clock.now();
    let before = |slack| requested.saturating_sub(slack).unwrap_or(Timestamp::UNIX_EPOCH);
    let function = target.secret.rotation_function.clone().unwrap_or_default();
    let log_group = session.aws.lambda().configuration(&function).await.ok().map(|state| state.log_group);
    let mut progress = Progress {
        begun: Instant::now(),
        since: before(CLOCK_SLACK),
        told: None,
        log_group,
        version: version.clone(),
        made: None,
    };
    terminal.line("")?;
    progress.tell(terminal, "asked for", &format!("version {version}"))?;
    if progress.log_group.is_none() {
        progress.tell(terminal, "note", LOG_UNREADABLE)?;
    }
    let interrupted = terminal.interrupted();
    let mut looks: u32 = 0;
    loop {
        target.refresh().await?;
        if let Some(ended) = progress.look(target, terminal).await? {
            return explain(session, target, ended, terminal).await;
        }
        looks += 1;
        if looks.is_multiple_of(ASK_LOG_EVERY) && progress.read_log(session, terminal).await? {
            return explain(session, target, Followed::NotPromoted, terminal).await;
        }
        if looks.is_multiple_of(ASK_TRAIL_EVERY)
            && let Ok(Some(failure)) = doctor::failure_since(session, target, before(TRAIL_SLACK)).await
        {
            progress.tell(terminal, "failed", &failure)?;
            return explain(session, target, Followed::NotPromoted, terminal).await;
        }
        if *interrupted.borrow() {
            progress.tell(terminal, "stopped", "Ctrl-C: nobody follows it now, and it goes on by itself")?;
            return Ok(Followed::NotPromoted);
        }
        if progress.begun.elapsed() >= timeout {
            progress.tell(
                terminal,
                "gave up",
                "it did not end within --timeout and goes on by itself; if it failed, CloudTrail shows it up to 15 minutes late: run `iam-key-rotator doctor` then",
            )?;
            return explain(session, target, Followed::NotPromoted, terminal).await;
        }
        sleep(LOOK_EVERY).await;
    }
}

impl Progress {
    /// Tells what is new; answers how it ended, if it did.
    async fn look(
        &mut self,
        target: &Target<'_>,
        terminal: &mut Terminal,
    ) -> Result<Option<Followed>, Failure> {
        let Some(version) = target.secret.version(&self.version) else {
            self.tell(
                terminal,
                "abandoned",
                "the version is gone: it was cancelled, or somebody stored another",
            )?;
            return Ok(Some(Followed::NotPromoted));
        };
        if self.made.is_none()
            && let Some(key) = &version.key
        {
            self.made = Some(key.clone());
            self.tell(terminal, "createSecret", &format!("key {key} was made and stored as AWSPENDING"))?;
            self.tell(terminal, "setSecret", "nothing to set: the key is the credential")?;
        }
        if version.has(AWSCURRENT) {
            let state = self.state_of_key(target).await?;
            if state != Some(KeyStatus::Active) && target.user.is_some() {
                // ListAccessKeys may lag.
                return Ok(None);
            }
            self.tell(terminal, "testSecret", "STS has accepted it")?;
            let listed = if state.is_some() { ", and its key is listed active" } else { "" };
            self.tell(terminal, "finishSecret", &format!("AWSCURRENT moved to it{listed}"))?;
            return Ok(Some(Followed::Promoted));
        }
        if !version.has(AWSPENDING) {
            self.tell(terminal, "abandoned", "AWSPENDING was taken off it: it was cancelled, or replaced")?;
            return Ok(Some(Followed::NotPromoted));
        }
        Ok(None)
    }

    /// Tells of a failure that the function has logged; answers whether somebody must put it right.
    async fn read_log(&mut self, session: &Session, terminal: &mut Terminal) -> Result<bool, Failure> {
        let Some(group) = &self.log_group else { return Ok(false) };
        let logged = session.aws.logs().last_error(group, self.version.as_str(), self.since).await;
        let error = match logged {
            Ok(Some(error)) => error,
            Ok(None) => return Ok(false),
            Err(_) => {
                self.log_group = None;
                self.tell(terminal, "note", LOG_UNREADABLE)?;
                return Ok(false);
            }
        };
        let heals = HEALS.contains(&error.error_type.as_str());
        if self.told.as_ref() != Some(&error) {
            let next = if heals { " Secrets Manager repeats the rotation by itself." } else { "" };
            self.tell(
                terminal,
                "failed",
                &format!("{}, {}: {}{next}", error.step, error.error_type, error.message),
            )?;
            self.told = Some(error);
        }
        Ok(!heals)
    }

    async fn state_of_key(&self, target: &Target<'_>) -> Result<Option<KeyStatus>, Failure> {
        let (Some(user), Some(made)) = (&target.user, &self.made) else { return Ok(None) };
        let keys = target.iam.list_access_keys(&user.name).await?;
        Ok(keys.iter().find(|key| key.id == *made).map(|key| key.status))
    }

    fn tell(&self, terminal: &mut Terminal, step: &str, what: &str) -> std::io::Result<()> {
        let seconds = self.begun.elapsed().as_secs();
        terminal.line(format!("{:>3}:{:02}  {step:<13} {what}", seconds / 60, seconds % 60))
    }
}

/// Of a rotation that did not end well: what stands in its way, as `doctor` finds it.
async fn explain(
    session: &Session,
    target: &mut Target<'_>,
    ended: Followed,
    terminal: &mut Terminal,
) -> Result<Followed, Failure> {
    if ended == Followed::NotPromoted {
        terminal.line(
            "\nAWSCURRENT still holds the key it held. What stands in the way, as far as can be seen:",
        )?;
        let found = doctor::of_target(session, target).await;
        found.print_findings(terminal)?;
        terminal
            .line("The function's log group and the alert name the errorType; docs/runbook.md has each.")?;
    }
    Ok(ended)
}
