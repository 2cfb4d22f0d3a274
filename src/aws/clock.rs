//! AWS's clock.
//!
//! Ages and overlaps are differences between AWS's timestamps and "now". Taking now from the same
//! clock makes them right on a machine whose own clock is not: each answer of Secrets Manager
//! carries a `Date`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::{DateTime, Format};
use jiff::Timestamp;

/// A `Date` has whole seconds and arrives late; a smaller difference is no error of the clock.
const TOLERANCE_SECONDS: i64 = 1;

/// Tells the time by AWS's clock.
#[derive(Clone, Debug)]
pub(crate) struct AwsClock {
    local: SharedTimeSource,
    ahead_seconds: Arc<AtomicI64>,
}

impl AwsClock {
    /// A clock that agrees with the local one until AWS has answered.
    pub(super) fn new(local: Option<SharedTimeSource>) -> Self {
        Self {
            local: local.unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new())),
            ahead_seconds: Arc::default(),
        }
    }

    /// Now, by AWS's clock.
    pub(crate) fn now(&self) -> Timestamp {
        let local = self.local();
        Timestamp::from_second(local.as_second() + self.ahead_seconds.load(Ordering::Relaxed))
            .unwrap_or(local)
    }

    fn local(&self) -> Timestamp {
        Timestamp::try_from(self.local.now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

#[dyn_dispatch_hint]
impl Intercept for AwsClock {
    fn name(&self) -> &'static str {
        "AwsClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(date) = date.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok()) {
            let ahead = date.secs() - self.local().as_second();
            let ahead = if ahead.abs() <= TOLERANCE_SECONDS { 0 } else { ahead };
            self.ahead_seconds.store(ahead, Ordering::Relaxed);
        }
        Ok(())
    }
}
