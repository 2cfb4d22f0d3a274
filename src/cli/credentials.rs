//! What to say where there are no credentials, or AWS cannot be reached with them.

use super::{Failure, Global};
use crate::aws::{Profile, ProfileSource};
use crate::error::CallError;

/// How many other profiles are named.
const MOST_NAMED: usize = 10;

/// Refuses a profile that cannot give credentials, before anything is called.
pub(super) fn check(profile: Option<&Profile>) -> Result<(), Failure> {
    let Some(Profile { name, source, files }) = profile else { return Ok(()) };
    let export = format!(
        "Get a session first, then run the command without --profile: \
         `eval \"$(aws configure export-credentials --profile {} --format env)\"`",
        super::command::quoted(name)
    );
    Err(Failure::Failed(match source {
        ProfileSource::Missing(known) => {
            let others = match known.as_slice() {
                [] => "These files have no profile.".to_owned(),
                some => format!("There is {}.", list(some)),
            };
            format!(
                "no AWS credentials: profile {name:?} is not in {files}. {others} Correct --profile or AWS_PROFILE; a name \
                 with a space cannot be read"
            )
        }
        ProfileSource::MissingSource(of, missing) => format!(
            "no AWS credentials: profile {of:?} has source_profile {missing:?}, which is not in {files}. Correct it \
             there"
        ),
        ProfileSource::Loop(chain) => format!(
            "no AWS credentials: the source_profile of profile {name:?} leads back to itself ({}). Correct it in \
             {files}",
            chain.join(" → ")
        ),
        ProfileSource::Mfa(of) => format!(
            "profile {of:?} wants an MFA code (mfa_serial), which this program does not ask for. {export}"
        ),
        ProfileSource::Login => {
            format!(
                "profile {name:?} is a session of `aws login`, which this program does not read. {export}"
            )
        }
        ProfileSource::Nothing => format!(
            "no AWS credentials: profile {name:?} has none in {files}: no keys, \
             role_arn, sso_session or credential_process. With --profile, exported credentials are not used"
        ),
        ProfileSource::Sso | ProfileSource::Process | ProfileSource::Other => return Ok(()),
    }))
}

/// `"a", "b" and 3 more`.
fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMED).map(|name| format!("{name:?}")).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What to say where STS names no identity.
pub(super) fn without_identity(
    error: CallError,
    profile: Option<&Profile>,
    region: &str,
    endpoint: Option<&str>,
    global: &Global,
) -> Failure {
    // Nothing is wrong with the credentials.
    if error.is_wrong_clock() || error.is_stopped_on_the_way() {
        return Failure::Rotator(error.into());
    }
    if error.is_unanswered() {
        return Failure::Failed(unreached(&error, region, endpoint));
    }
    let name = profile.map(|profile| format!("profile {:?}", profile.name));
    if !error.is_without_credentials() {
        let which = name
            .map_or_else(|| "the exported credentials".into(), |name| format!("the credentials of {name}"));
        return Failure::Failed(format!(
            "AWS does not accept {which} ({error}). Get new ones, or use another --profile"
        ));
    }
    Failure::Failed(match profile {
        Some(Profile { name, source: ProfileSource::Sso, .. }) => format!(
            "you are not logged in: profile {name:?} uses SSO, and its session is missing or over ({error}). Run \
             `aws sso login --profile {}`",
            super::command::quoted(name)
        ),
        Some(Profile { name, source: ProfileSource::Process, .. }) => format!(
            "the credential_process of profile {name:?} gave no credentials ({error}). Run that program by hand to \
             see why"
        ),
        Some(Profile { name, .. }) => format!("profile {name:?} gives no credentials ({error})"),
        None if global.profile.is_some() => format!("no AWS credentials ({error})"),
        None => "no AWS credentials found: nothing is exported (AWS_ACCESS_KEY_ID), and there is no default profile, \
                 container or instance that gives any. Use --profile NAME, or export credentials"
            .into(),
    })
}

fn unreached(error: &CallError, region: &str, endpoint: Option<&str>) -> String {
    const AGAIN: &str = "Nothing was changed; run the command again then";
    match endpoint {
        Some(url) => format!(
            "nothing answers at {url} ({error}). It is set by AWS_ENDPOINT_URL or the profile's endpoint_url: correct \
             or unset it. {AGAIN}"
        ),
        None if error.is_of_unknown_host() => format!(
            "AWS's host in region {region:?} is not found ({error}). Check how the region is written (--region, \
             AWS_REGION, the profile), then the network and its DNS. {AGAIN}"
        ),
        None => format!(
            "AWS could not be reached in region {region:?} ({error}). Check the network, the region, and the proxy \
             that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. {AGAIN}"
        ),
    }
}
