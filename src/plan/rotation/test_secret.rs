//! testSecret: the new key must answer as the bound user.
//!
//! Also run alone by `RotateImmediately=false`, on a temporary AWSPENDING that holds AWSCURRENT's
//! value, so it assumes nothing of createSecret and changes nothing.

use super::{Action, Outcome, Plan, Stage, smtp, stage};
use crate::error::{Error, Result};
use crate::model::{Observation, Version};
use crate::plan::because;

pub(crate) fn test_secret(seen: &Observation) -> Plan {
    match decide(seen) {
        Ok(plan) => plan,
        Err(error) => error.into(),
    }
}

fn decide(seen: &Observation) -> Result<Plan> {
    if stage(&seen.secret, &seen.token)? == Stage::Current {
        return Ok(Plan::idle(Outcome::AlreadyDone("this version is already AWSCURRENT".into())));
    }
    if let Some((document, key)) =
        seen.pending.as_ref().and_then(|document| Some((document, document.key_id()?)))
    {
        if document.credential().is_some() {
            return Ok(Plan::done(vec![because(Action::ProveKey { key }, "before it is promoted")]));
        }
        return Ok(Plan::idle(match smtp::check(seen, &key)? {
            Some(reason) => Outcome::Wait(reason),
            None => Outcome::AlreadyDone(format!(
                "the version holds SMTP credentials, and createSecret proved key {key} before it stored them"
            )),
        }));
    }
    // createSecret ends once the value is stored, so where it ran there is one; the read may lag.
    let version = seen.secret.version(&seen.token);
    let labelled = version.is_some_and(Version::is_labelled);
    let begun = seen.intent().is_some_and(|intent| intent.token == seen.token);
    let current_has_key = seen.current.as_ref().is_some_and(|document| document.key_id().is_some());
    if current_has_key || (seen.pending.is_none() && (labelled || begun)) {
        return Err(Error::VersionNotStaged {
            secret: seen.secret.arn.clone(),
            token: seen.token.to_string(),
            problem: "shows no key: createSecret has not stored one",
        });
    }
    Ok(Plan::idle(Outcome::NothingToDo("the secret waits for its first key".into())))
}
