//! [Secrets Manager](https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html).

mod change;
mod state;
mod value;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;

use super::AwsClock;

pub(crate) use change::NewSecret;
pub(crate) use state::MOST_PAGES;
pub(crate) use value::StoredValue;

/// The calls this product makes to Secrets Manager.
#[derive(Clone, Debug)]
pub(crate) struct SecretsManager(Client);

impl SecretsManager {
    pub(super) fn new(sdk: &SdkConfig, clock: &AwsClock) -> Self {
        Self(Client::from_conf(Builder::from(sdk).interceptor(clock.clone()).build()))
    }
}
