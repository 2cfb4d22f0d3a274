//! The proof of a new key: STS accepts it as the bound user's, in every test region.
//!
//! IAM is eventually consistent, so this asks instead of sleeping. One success may have met one
//! endpoint only, so it takes several at once; after a refusal a single call scouts until the key
//! is there.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use tokio::time::{Instant, sleep, timeout_at};

use crate::aws::{Aws, Identity, Sts};
use crate::config::{Config, parse_regions};
use crate::error::CallError;
use crate::error::{Error, Result};
use crate::model::names::TAG_TEST_REGIONS;
use crate::model::{Credential, Observation};

/// How many answers, asked for at once, must all be yes.
const PROOFS: usize = 3;
/// The first wait after a refusal; each further one is half as long again.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait between two questions, which bounds the time lost beyond the key's own delay.
const LONGEST_WAIT: Duration = Duration::from_millis(1000);
/// A wrong secret can be a frontend that lags behind; for longer it is wrong for good.
const WRONG_SECRET_PATIENCE: Duration = Duration::from_secs(5);
/// How long a single question may take.
const ONE_QUESTION: Duration = Duration::from_secs(5);
/// What is kept of the invocation's time to report a failure.
const MARGIN: Duration = Duration::from_secs(3);
/// Below this there is no point in asking.
const NEEDS: Duration = Duration::from_millis(500);

/// Proves a key in every region that the secret or the function names.
pub(crate) async fn prove(
    aws: &Aws,
    config: &Config,
    seen: &Observation,
    key: &Credential,
    deadline: Instant,
) -> Result<()> {
    let regions = regions(aws, config, seen)?;
    let now = Instant::now();
    let end = (now + config.propagation_timeout).min(deadline.checked_sub(MARGIN).unwrap_or(now));
    if end.saturating_duration_since(now) < NEEDS.min(config.propagation_timeout) {
        let left = deadline.saturating_duration_since(now).as_millis();
        let problem = format!("{left} ms are left, too few to prove the new key; it was not begun");
        return Err(Error::DeadlineTooShort { problem });
    }
    let place = |region| Place { region, is_home: region == aws.region(), end };
    let proofs = regions.iter().map(|region| prove_in(aws.sts_as(key, region), place(region), seen, key));
    try_join_all(proofs).await.map(drop)
}

/// One question in each region: does STS accept the key? Anything but a yes is a no, which [`prove`]
/// follows up; that it is another user's key is an error.
pub(crate) async fn accepted(
    aws: &Aws,
    config: &Config,
    seen: &Observation,
    key: &Credential,
) -> Result<bool> {
    let (regions, end) = (regions(aws, config, seen)?, Instant::now() + ONE_QUESTION);
    let answers =
        regions.iter().map(|region| async move { ask(&aws.sts_as(key, region), end, seen, key).await });
    let answers = try_join_all(answers).await?;
    Ok(answers.iter().all(|answer| matches!(answer, Proof::Accepted)))
}

fn regions(aws: &Aws, config: &Config, seen: &Observation) -> Result<Vec<String>> {
    let tag = seen.secret.tags.get(TAG_TEST_REGIONS).map(|text| {
        parse_regions(text).ok_or_else(|| Error::InvalidConfig {
            name: TAG_TEST_REGIONS.into(),
            problem: format!("is {text:?} on secret {}", seen.secret.arn),
            expected: "region names, space-separated".into(),
        })
    });
    let regions = tag.transpose()?.unwrap_or_else(|| config.test_regions.clone());
    Ok(if regions.is_empty() { vec![aws.region().to_owned()] } else { regions })
}

/// A region whose STS must accept the key, and until when.
#[derive(Clone, Copy)]
struct Place<'a> {
    region: &'a str,
    /// Whether the function runs there, so that the region is certainly enabled.
    is_home: bool,
    end: Instant,
}

enum Proof {
    Accepted,
    NotYet,
    WrongSecret,
    Failed(CallError),
}

async fn prove_in(sts: Sts, place: Place<'_>, seen: &Observation, key: &Credential) -> Result<()> {
    let start = Instant::now();
    let (mut width, mut wait) = (PROOFS, FIRST_WAIT);
    // Bounded by `end`: each round but one that is followed by a wider one waits.
    loop {
        let answers = join_all((0..width).map(|_| ask(&sts, place.end, seen, key))).await;
        let answers: Vec<Proof> = answers.into_iter().collect::<Result<_>>()?;
        let refusal = answers.into_iter().find(|answer| !matches!(answer, Proof::Accepted));
        match refusal {
            None if width == PROOFS => return Ok(()),
            None => width = PROOFS,
            Some(Proof::WrongSecret) if start.elapsed() >= WRONG_SECRET_PATIENCE => {
                return Err(wrong_secret(seen, key));
            }
            Some(refusal) => {
                let pause = wait.mul_f64(0.75 + 0.25 * fastrand::f64());
                if Instant::now() + pause >= place.end {
                    return Err(too_late(refusal, place, seen, key, start));
                }
                sleep(pause).await;
                wait = wait.mul_f64(1.5).min(LONGEST_WAIT);
                width = 1;
            }
        }
    }
}

async fn ask(sts: &Sts, end: Instant, seen: &Observation, key: &Credential) -> Result<Proof> {
    // A silent STS must be named before the invocation's own time is over.
    let asked = timeout_at(end, sts.caller_identity()).await;
    Ok(match asked.unwrap_or_else(|_| Err(CallError::unanswered("sts:GetCallerIdentity"))) {
        Ok(Identity::Of(arn)) if seen.user.is(&arn) => Proof::Accepted,
        Ok(Identity::Of(arn)) => {
            return Err(Error::UserMismatch {
                secret: seen.secret.arn.clone(),
                user: seen.user.clone(),
                problem: format!("STS says that key {} is {arn:?}'s", key.key_id),
                remedy: "Correct the tag `iam-key-rotator:user` or the secret's value.",
            });
        }
        Ok(Identity::UnknownKey) => Proof::NotYet,
        Ok(Identity::WrongSecret) => Proof::WrongSecret,
        Err(error) if error.is_denied() => {
            return Err(rejected(seen, key, format!("was refused by STS ({error})")));
        }
        // No wait makes a clock right.
        Err(error) if error.is_wrong_clock() => return Err(error.into()),
        Err(error) => Proof::Failed(error),
    })
}

fn too_late(refusal: Proof, place: Place<'_>, seen: &Observation, key: &Credential, start: Instant) -> Error {
    let region = place.region;
    match refusal {
        Proof::Failed(error) if error.is_unanswered() => error.advised(unreachable_sts(region)).into(),
        Proof::Failed(error) => error.into(),
        Proof::WrongSecret => wrong_secret(seen, key),
        Proof::Accepted | Proof::NotYet => Error::NotPropagated {
            key: key.key_id.clone(),
            region: region.to_owned(),
            waited: format!("{:.1} s", start.elapsed().as_secs_f64()),
            remedy: if place.is_home { STILL_REFUSED.into() } else { refused_elsewhere(region).into() },
        },
    }
}

const STILL_REFUSED: &str = "Secrets Manager tries again; if it goes on, check that the key exists and is active, or raise `ROTATOR_PROPAGATION_TIMEOUT`.";

/// STS answers `InvalidClientTokenId` for both.
fn refused_elsewhere(region: &str) -> String {
    format!(
        "Either the key has not reached {region} yet, or {region} is not enabled for the account: STS answers both alike. Check it with `aws account get-region-opt-status --region-name {region}`. If the region is not enabled, enable it, or take it out of `ROTATOR_TEST_REGIONS` and the tag `{TAG_TEST_REGIONS}`; if it is, Secrets Manager tries again."
    )
}

fn unreachable_sts(region: &str) -> String {
    format!(
        "STS in {region} did not answer. AWSCURRENT and the key in it are untouched. If the function runs in a VPC, check its VPC endpoint com.amazonaws.{region}.sts (security group, private DNS) or its route to the internet (NAT); from a VPC, STS in another region needs such a route. Secrets Manager tries again."
    )
}

fn wrong_secret(seen: &Observation, key: &Credential) -> Error {
    rejected(seen, key, "is there, but STS says that its secret is another".into())
}

fn rejected(seen: &Observation, key: &Credential, problem: String) -> Error {
    Error::CredentialRejected {
        key: key.key_id.clone(),
        user: seen.user.clone(),
        problem,
        remedy: "Cancel the rotation (`aws secretsmanager cancel-rotate-secret`) and start another, which makes a new key.",
    }
}
