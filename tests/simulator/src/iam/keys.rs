//! Access keys.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html>

use super::{paged, validation};
use crate::clock::iso;
use crate::front::door::Context;
use crate::front::params::Form;
use crate::front::protocol::{ApiError, Service};
use crate::front::xml::Xml;
use crate::options::LastUsedUnknownKey;
use crate::world::identity::KeyListing;

/// "Access keys assigned to an IAM user": 2, inactive ones included
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const MOST_KEYS: usize = 2;

pub(super) fn create_access_key(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = context.user_name(form)?;
    let (now, lag) = (context.now, context.state.options.iam_list_lag);
    let user = context.user(&name)?;
    if user.keys.len() >= MOST_KEYS {
        let message = format!("Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}");
        return Err(ApiError::new(409, "LimitExceeded", message));
    }
    let user_name = user.name.clone();
    if user.history.is_empty() {
        user.record(now, lag);
    }
    let account = &context.caller.account;
    let key = context
        .state
        .world
        .add_key(account, &name, now, Some(now))
        .ok_or_else(|| super::no_such_user(&name))?;
    context.user(&name)?.record(now, lag);
    let inner = Xml::new()
        .text("UserName", &user_name)
        .text("AccessKeyId", &key.id)
        .text("Status", "Active")
        .text("SecretAccessKey", &key.secret)
        .text("CreateDate", &iso(key.created));
    Ok(Xml::new().element("AccessKey", &inner))
}

pub(super) fn list_access_keys(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = context.user_name(form)?;
    let (lag, now) = (context.state.options.iam_list_lag, context.now);
    let page_size = (context.state.options.page_size / 2).max(1);
    let user = context.user(&name)?;
    let user_name = user.name.clone();
    let members = user
        .listing_before(now, lag)
        .iter()
        .map(|key| (key.id.clone(), listing_xml(&user_name, key)))
        .collect();
    paged("AccessKeyMetadata", members, form, page_size, |key| key)
}

pub(super) fn update_access_key(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let active = match form.required("Status")? {
        "Active" => true,
        "Inactive" => false,
        other => return Err(validation(format!("Invalid status: {other}"))),
    };
    let (name, id) = own_key(context, form)?;
    let (now, lag) = (context.now, context.state.options.iam_list_lag);
    context.state.world.set_key_active(&id, active, now);
    context.user(&name)?.record(now, lag);
    Ok(Xml::new())
}

pub(super) fn delete_access_key(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let (name, id) = own_key(context, form)?;
    let (now, lag) = (context.now, context.state.options.iam_list_lag);
    context.state.world.remove_key(&id, now);
    context.user(&name)?.record(now, lag);
    Ok(Xml::new())
}

/// `Region` and `ServiceName` are "N/A" and the date is missing while no use is known
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html>).
pub(super) fn get_access_key_last_used(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let id = form.required("AccessKeyId")?;
    let world = &mut context.state.world;
    let owner = world.key_owners.get(id).filter(|(account, _)| *account == context.caller.account).cloned();
    let Some((account, user)) = owner else {
        return Err(match context.state.options.last_used_unknown_key {
            LastUsedUnknownKey::NoSuchEntity => no_such_key(id),
            LastUsedUnknownKey::AccessDenied => Service::Iam.denied(format!(
                "User: {} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: \
                 access key {id}",
                context.caller.arn
            )),
        });
    };
    let user_name = world.user(&account, &user).map_or(user, |user| user.name.clone());
    let lag = context.state.options.last_used_lag;
    let seen = world.key_mut(id).and_then(|key| key.uses.visible(context.now, lag).cloned());
    let last_used = match seen {
        None => Xml::new().text("Region", "N/A").text("ServiceName", "N/A"),
        Some(seen) => Xml::new()
            .text("Region", &seen.region)
            .text("ServiceName", &seen.service)
            .text("LastUsedDate", &iso(seen.at)),
    };
    Ok(Xml::new().text("UserName", &user_name).element("AccessKeyLastUsed", &last_used))
}

/// The user and the key that a call names, where the key is the user's.
fn own_key(context: &mut Context<'_>, form: &Form) -> Result<(String, String), ApiError> {
    let id = form.required("AccessKeyId")?.to_owned();
    let name = context.user_name(form)?;
    if context.user(&name)?.key_mut(&id).is_none() {
        return Err(no_such_key(&id));
    }
    Ok((name, id))
}

fn no_such_key(id: &str) -> ApiError {
    let message = format!("The Access Key with id {id} cannot be found.");
    ApiError::new(404, "NoSuchEntity", message)
}

fn listing_xml(user_name: &str, key: &KeyListing) -> Xml {
    Xml::new()
        .text("UserName", user_name)
        .text("AccessKeyId", &key.id)
        .text("Status", if key.active { "Active" } else { "Inactive" })
        .text("CreateDate", &iso(key.created))
}
