//! Reads an account: every user, whatever the sweep's scope. Changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;

use super::evidence::{Report, SCHEMA, User};
use super::standing;
use super::{assess, controls::Question};
use crate::config::{Mode, Scope, SweepConfig};
use crate::error::Result;
use crate::plan::sweep::Demand;
use crate::sweep::{Account, Candidate};

/// Users that are read at once. IAM is called at its own pace whatever this says.
const READ_AT_ONCE: usize = 8;
/// What one user takes: three calls to IAM, a fourth where there is a second key, at twenty calls a second.
const ONE_USER: Duration = Duration::from_millis(160);

/// About how long it takes to read so many users. The credential report would be faster, but it dates a key by its last
/// change: a key that was reactivated would look young.
pub fn expected_time(users: usize) -> Duration {
    ONE_USER.saturating_mul(u32::try_from(users).unwrap_or(u32::MAX))
}

/// Reads all there is to say of an account. `progress` gets how many users of how many are read, before the first one
/// and after each.
///
/// A user who cannot be read is in the report with the reason; a list that cannot be read is an
/// error, because nobody could say who is missing.
pub async fn collect(account: &Account<'_>, mut progress: impl FnMut(usize, usize)) -> Result<Report> {
    let audit = SweepConfig { mode: Mode::Audit, ..account.config.clone() };
    let everyone = SweepConfig { scope: Scope::All, ..audit.clone() };
    let account = Account { config: &audit, ..account.clone() };
    let mut survey = Account { config: &everyone, ..account.clone() }.survey().await?;
    if let Scope::Secrets(_) = audit.scope {
        // Secrets that are listed by name need not be known by their tags.
        let listed = account.survey().await?;
        survey.unbound.extend(listed.unbound);
        survey.unbound.sort();
        survey.unbound.dedup();
        survey.candidates.extend(listed.candidates);
    }
    let total = survey.candidates.len();
    progress(0, total);
    let mut visits = stream::iter(survey.candidates.values())
        .map(|candidate| read(&account, candidate))
        .buffered(READ_AT_ONCE);
    let mut users = Vec::with_capacity(total);
    let mut done = 0;
    while let Some(user) = visits.next().await {
        done += 1;
        progress(done, total);
        users.push(user);
    }
    drop(visits);
    Ok(Report { odd_rows: survey.odd_rows, ..report(&account, users, survey.unbound) })
}

async fn read(account: &Account<'_>, candidate: &Candidate) -> User {
    let visit = account.visit(candidate, Demand::Due).await;
    let stored = match &visit.secret {
        Some(secret) => account.secrets.version_dates(&secret.arn).await.unwrap_or_else(|error| {
            // They only make the history longer.
            tracing::warn!(secretArn = secret.arn, error = %error, "the versions' dates could not be read");
            BTreeMap::new()
        }),
        None => BTreeMap::new(),
    };
    assess::user(&visit, &stored, account.config, account.now())
}

fn report(account: &Account<'_>, users: Vec<User>, unbound: Vec<String>) -> Report {
    let now = account.now();
    let (mut users, bare): (Vec<User>, Vec<User>) = users
        .into_iter()
        .partition(|user| !user.keys.is_empty() || user.secret.is_some() || user.failure.is_some());
    for user in &mut users {
        let unmet = Question::ALL.into_iter().filter(|question| question.ask(user, now).is_unmet());
        user.unmet = unmet.map(|question| question.name().to_owned()).collect();
    }
    users.sort_by_cached_key(urgency);
    Report {
        schema: SCHEMA,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        account: account.number.clone(),
        at: now,
        since: now,
        policy: assess::policy(account.config, None),
        controls: standing::results(&users, now),
        course: vec![standing::point(&users, now)],
        users,
        users_without_keys: bare.len(),
        unbound,
        odd_rows: Vec::new(),
    }
}

/// Users that could not be read first, then those with findings, then by the age of their oldest
/// active key.
fn urgency(user: &User) -> (bool, bool, bool, Timestamp, String) {
    let oldest = user.keys.iter().filter(|key| key.active).map(|key| key.created).min();
    let oldest = oldest.unwrap_or(Timestamp::MAX);
    (user.failure.is_none(), user.findings.is_empty(), user.unmet.is_empty(), oldest, user.name.clone())
}
