//! STS: who am I, and AssumeRole.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html>

use std::time::Duration;

use crate::clock::iso;
use crate::front::auth::{Caller, CallerKind};
use crate::front::door::Context;
use crate::front::params::Form;
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::front::xml::Xml;
use crate::world::identity::Role;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, form: &Form) -> Result<Reply, ApiError> {
    let xml = match operation {
        "GetCallerIdentity" => Ok(get_caller_identity(context.caller)),
        "AssumeRole" => assume_role(context, form),
        _ => Err(unknown_operation(Service::Sts, operation)),
    }?;
    Ok(Reply::Xml(xml))
}

/// Needs no permission (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).
fn get_caller_identity(caller: &Caller) -> Xml {
    Xml::new().text("Arn", &caller.arn).text("UserId", &caller.user_id).text("Account", &caller.account)
}

/// A missing role, one that does not trust the caller and a wrong external id all look the same:
/// AccessDenied. Unlike AWS, root may assume roles here: the root pair stands for any administrator.
fn assume_role(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let arn = form.required("RoleArn")?;
    let session = form.required("RoleSessionName")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c);
    if !(2..=64).contains(&session.len()) || !session.chars().all(allowed) {
        return Err(validation("RoleSessionName is invalid."));
    }
    let seconds = duration_seconds(context.caller, form)?;
    let denied = Service::Sts.denied(format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
        context.caller.arn
    ));
    let Some((account, name)) = role_in(arn) else {
        return Err(validation(format!("{arn} is invalid")));
    };
    let world = &mut context.state.world;
    let trusted = world
        .accounts
        .get(account)
        .and_then(|home| home.roles.get(name))
        .is_some_and(|role| trusts(role, context.caller, form.get("ExternalId")));
    if !trusted {
        return Err(denied);
    }
    let expires = context.now + Duration::from_secs(seconds);
    let (pair, role_id) = world.add_session(account, name, session, context.now, Some(expires));
    let credentials = Xml::new()
        .text("AccessKeyId", &pair.access_key_id)
        .text("SecretAccessKey", &pair.secret_access_key)
        .optional("SessionToken", pair.session_token.as_deref())
        .text("Expiration", &iso(expires));
    let assumed = Xml::new()
        .text("AssumedRoleId", &format!("{role_id}:{session}"))
        .text("Arn", &format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"));
    Ok(Xml::new().element("Credentials", &credentials).element("AssumedRoleUser", &assumed))
}

/// 900 s to 12 h; a role that assumes a role gets an hour at most (role chaining).
fn duration_seconds(caller: &Caller, form: &Form) -> Result<u64, ApiError> {
    let most = match caller.kind {
        CallerKind::Role { .. } => 3_600,
        _ => 43_200,
    };
    match form.get("DurationSeconds").map(str::parse) {
        None => Ok(3_600),
        Some(Ok(seconds)) if (900..=most).contains(&seconds) => Ok(seconds),
        Some(_) => Err(validation(format!(
            "The requested DurationSeconds must be between 900 and {most} for this caller."
        ))),
    }
}

fn role_in(arn: &str) -> Option<(&str, &str)> {
    let (account, role) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    Some((account, role.rsplit('/').next().unwrap_or(role)))
}

fn trusts(role: &Role, caller: &Caller, external_id: Option<&str>) -> bool {
    let account = &caller.account;
    let whole_account = format!("arn:aws:iam::{account}:root");
    let own = match &caller.kind {
        CallerKind::Role { name } => format!("arn:aws:iam::{account}:role/{name}"),
        _ => caller.arn.clone(),
    };
    let by_principal = role.trust.iter().any(|principal| {
        principal == "*"
            || principal == account
            || *principal == whole_account
            || *principal == own
            || *principal == caller.arn
    });
    by_principal && role.external_id.as_deref().is_none_or(|expected| external_id == Some(expected))
}

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "ValidationError", message)
}
