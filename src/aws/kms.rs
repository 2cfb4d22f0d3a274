//! [KMS](https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html), for who looks after it.

use aws_config::{Region, SdkConfig};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::Builder;

use super::failure::failed;
use crate::error::CallError;
use crate::model::region_of;

/// The call this product makes to KMS.
#[derive(Clone, Debug)]
pub(crate) struct Kms(Client);

impl Kms {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// A key's state, e.g. `Enabled`, in the key's region; `None` where there is no such key.
    ///
    /// [DescribeKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html).
    pub(crate) async fn key_state(&self, key: &str) -> Result<Option<String>, CallError> {
        const ACTION: &str = "kms:DescribeKey";
        let mut region = aws_sdk_kms::config::Config::builder();
        if let Some(name) = region_of(key) {
            region = region.region(Region::new(name.to_owned()));
        }
        let request = self.0.describe_key().key_id(key).customize().config_override(region);
        match request.send().await {
            Ok(answer) => {
                let state = answer.key_metadata().and_then(|key| key.key_state());
                state
                    .map(|state| Some(state.as_str().to_owned()))
                    .ok_or_else(|| CallError::incomplete(ACTION))
            }
            Err(error) => {
                let error = failed(ACTION, &error);
                if error.is_not_found() { Ok(None) } else { Err(error) }
            }
        }
    }
}
