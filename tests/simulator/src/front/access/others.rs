//! The actions of STS, SNS, SESv2, Organizations and Lambda.
//!
//! - <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html>
//! - <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html>
//! - <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html>
//! - <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html>
//! - <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html>

use serde_json::Value;

use super::{Access, Origin};
use crate::front::params::Form;
use crate::world::World;

pub(super) fn sts(access: &mut Access, operation: &str, form: &Form) {
    if operation != "AssumeRole" {
        return;
    }
    if let Some(role) = form.get("RoleArn") {
        role.clone_into(&mut access.resource);
    }
    access.keys.set_some("sts:ExternalId", form.get("ExternalId"));
    access.keys.set_some("sts:RoleSessionName", form.get("RoleSessionName"));
    access.keys.set_some("sts:SourceIdentity", form.get("SourceIdentity"));
    access.keys.request_tags(&form.tags("Tags.member"));
}

pub(super) fn sns(access: &mut Access, operation: &str, form: &Form, origin: Origin<'_>) {
    let Origin { account, region, .. } = origin;
    match operation {
        "Publish" | "ListSubscriptionsByTopic" => {
            if let Some(topic) = form.get("TopicArn").or(form.get("TargetArn")) {
                topic.clone_into(&mut access.resource);
            }
        }
        "CreateTopic" => {
            let name = form.get("Name").unwrap_or_default();
            access.resource = format!("arn:aws:sns:{region}:{account}:{name}");
            access.keys.request_tags(&form.tags("Tags.member"));
        }
        _ => {}
    }
}

/// SendEmail is evaluated on the identity, and also on the template and the configuration set where
/// there are such: here the identity is named, the others are not.
pub(super) fn ses(access: &mut Access, world: &World, operation: &str, body: &Value, origin: Origin<'_>) {
    access.keys.set("ses:ApiVersion", "2");
    let arn =
        |kind: &str, name: &str| format!("arn:aws:ses:{}:{}:{kind}/{name}", origin.region, origin.account);
    match operation {
        "SendEmail" => {
            let from = body["FromEmailAddress"].as_str().unwrap_or_default();
            let (display, address) = match from.rsplit_once('<') {
                Some((display, rest)) => (Some(display.trim().trim_matches('"')), rest.trim_end_matches('>')),
                None => (None, from),
            };
            access.keys.set("ses:FromAddress", address);
            access.keys.set_some("ses:FromDisplayName", display.filter(|name| !name.is_empty()));
            access.keys.set_some("ses:FeedbackAddress", body["FeedbackForwardingEmailAddress"].as_str());
            let recipients = ["ToAddresses", "CcAddresses", "BccAddresses"]
                .iter()
                .flat_map(|field| body["Destination"][*field].as_array().into_iter().flatten())
                .filter_map(Value::as_str);
            access.keys.set_many("ses:Recipients", recipients);
            let key = (origin.account.to_owned(), origin.region.to_owned());
            let verified = world.identities.get(&key).map(Vec::as_slice).unwrap_or_default();
            let domain = address.rsplit('@').next().unwrap_or_default();
            let identity = [address, domain].into_iter().find(|it| verified.iter().any(|known| known == it));
            access.resource = arn("identity", identity.unwrap_or(address));
        }
        "CreateEmailIdentity" | "GetEmailIdentity" => {
            access.resource = arn("identity", body["EmailIdentity"].as_str().unwrap_or_default());
        }
        "CreateEmailTemplate" | "GetEmailTemplate" => {
            access.resource = arn("template", body["TemplateName"].as_str().unwrap_or_default());
        }
        _ => {}
    }
}

pub(super) fn organizations(access: &mut Access, world: &World, body: &Value, origin: Origin<'_>) {
    let parent = body["ParentId"].as_str();
    if let (Some(parent), Some(organization)) = (parent, world.organization_of(origin.account)) {
        access.resource = organization.parent_arn(parent);
    }
}

pub(super) fn lambda(access: &mut Access, name: &str, origin: Origin<'_>) {
    access.resource = crate::lambda::function_arn(name, origin.account, origin.region);
}

pub(super) fn function_tags(access: &mut Access, world: &World, body: &Value) {
    let given: Vec<(String, String)> = body["Tags"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    access.keys.request_tags(&given);
    if let Some(removed) = body["TagKeys"].as_array() {
        access.keys.set_many("aws:TagKeys", removed.iter().filter_map(Value::as_str));
    }
    if let Some(tags) = world.deployment.function_tags.get(&access.resource) {
        let tags: Vec<(String, String)> = tags.clone().into_iter().collect();
        access.keys.resource_tags(&["aws"], &tags);
    }
}
