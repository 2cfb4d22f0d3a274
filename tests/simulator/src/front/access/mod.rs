//! What AWS would evaluate policies on: the action, the resource, and the condition keys of a call.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

mod others;
mod principal;
mod secrets;
mod users;

use std::collections::BTreeMap;

use crate::front::auth::Caller;
use crate::front::protocol::Service;
use crate::front::routing::{Params, Routed};
use crate::world::World;

pub(crate) use principal::principal_arn;

/// The resource of an action that has none.
const ANY: &str = "*";

/// A call, as policies see it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub action: String,
    pub resource: String,
    pub keys: Keys,
}

/// Condition keys. Those that have several values have them in one, between commas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(pub BTreeMap<String, String>);

impl Keys {
    fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    fn set_some(&mut self, key: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    fn set_many(&mut self, key: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
        let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        if !values.is_empty() {
            self.set(key, values.join(","));
        }
    }

    fn request_tags(&mut self, tags: &[(String, String)]) {
        for (key, value) in tags {
            self.set(format!("aws:RequestTag/{key}"), value);
        }
        self.set_many("aws:TagKeys", tags.iter().map(|(key, _)| key));
    }

    /// Tags of the resource, under each of these prefixes.
    fn resource_tags(&mut self, prefixes: &[&str], tags: &[(String, String)]) {
        for (key, value) in tags {
            for prefix in prefixes {
                self.set(format!("{prefix}:ResourceTag/{key}"), value);
            }
        }
    }
}

/// Where a call comes from.
#[derive(Clone, Copy)]
struct Origin<'a> {
    account: &'a str,
    region: &'a str,
    caller: Option<&'a Caller>,
}

/// What policies would see of this call. Holds no secret value and no token.
pub(crate) fn access(world: &World, routed: &Routed, caller: Option<&Caller>, region: &str) -> Access {
    let account = caller.map_or("", |caller| caller.account.as_str());
    let origin = Origin { account, region, caller };
    let operation = match (routed.service, routed.operation.as_str()) {
        (Service::Lambda, "Invoke") => "InvokeFunction",
        (_, operation) => operation,
    };
    let mut access = Access {
        action: format!("{}:{operation}", routed.service.name()),
        resource: ANY.to_owned(),
        keys: Keys::default(),
    };
    match (routed.service, &routed.params) {
        (Service::Iam, Params::Form(form)) => users::describe(&mut access, world, operation, form, origin),
        (Service::Sts, Params::Form(form)) => others::sts(&mut access, operation, form),
        (Service::Sns, Params::Form(form)) => others::sns(&mut access, operation, form, origin),
        (Service::SecretsManager, Params::Json(body)) => {
            secrets::describe(&mut access, world, operation, body, origin);
        }
        (Service::Organizations, Params::Json(body)) => {
            others::organizations(&mut access, world, body, origin);
        }
        (Service::Ses, Params::Json(body)) => others::ses(&mut access, world, operation, body, origin),
        (Service::Lambda, Params::Raw { name, .. }) => others::lambda(&mut access, name, origin),
        (Service::Lambda, Params::Json(body)) => {
            let name = body["FunctionName"].as_str().or(body["Resource"].as_str());
            others::lambda(&mut access, name.unwrap_or_default(), origin);
            others::function_tags(&mut access, world, body);
        }
        (Service::Kms, Params::Json(body)) => {
            let key = body["KeyId"].as_str().unwrap_or_default();
            access.resource = crate::kms::key_arn(key, origin.account, origin.region);
        }
        _ => {}
    }
    principal::describe(&mut access, world, origin);
    access
}
