//! Simulated time: a base, plus tokio's clock (so that paused time works), plus what was advanced.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;
use jiff::Timestamp;

use crate::Simulator;

/// 2026-01-01T00:00:00Z.
const FIXED_START_SECONDS: u64 = 1_767_225_600;

/// The one clock that every timestamp of the simulated AWS comes from.
#[derive(Debug)]
pub(crate) struct Clock {
    base: SystemTime,
    started: tokio::time::Instant,
    offset: Duration,
}

impl Clock {
    pub(crate) fn new(start: Option<SystemTime>) -> Self {
        Self {
            base: start.unwrap_or(UNIX_EPOCH + Duration::from_secs(FIXED_START_SECONDS)),
            started: tokio::time::Instant::now(),
            offset: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.base + self.started.elapsed() + self.offset
    }

    /// Turns the clock to this moment.
    pub(crate) fn turn(&mut self, to: SystemTime) {
        *self = Self::new(Some(to));
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.offset += by;
    }
}

/// Hands simulated time to the SDK, which signs with it.
#[derive(Debug)]
pub(crate) struct SimulatedTime(pub(crate) Simulator);

impl TimeSource for SimulatedTime {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
}

/// The simulated time by a clock that is wrong by so many seconds.
#[derive(Clone, Debug)]
pub(crate) struct SkewedTime(pub(crate) Simulator, pub(crate) i64);

impl TimeSource for SkewedTime {
    fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.1.unsigned_abs());
        if self.1 < 0 { self.0.now() - by } else { self.0.now() + by }
    }
}

/// The host's time: other processes (HTTP clients, a `bootstrap`) live in it.
#[allow(clippy::disallowed_methods, reason = "the one place that meets the host's clock")]
pub(crate) fn host_now() -> SystemTime {
    SystemTime::now()
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).expect("simulated time stays within the calendar")
}

/// `2026-01-01T00:00:00Z`: dates in IAM's and STS's XML, to the second as AWS has them.
pub(crate) fn iso(at: SystemTime) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-01-01T00:00:00+00:00`: dates in the credential report.
pub(crate) fn iso_offset(at: SystemTime) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// `Thu, 01 Jan 2026 00:00:00 GMT`: the `Date` header.
pub(crate) fn http_date(at: SystemTime) -> String {
    timestamp(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `20260101T000000Z`: the `X-Amz-Date` header.
pub(crate) fn amz_date(at: SystemTime) -> String {
    timestamp(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads an `X-Amz-Date` header.
pub(crate) fn parse_amz_date(text: &str) -> Option<SystemTime> {
    let parsed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let zoned = parsed.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().into())
}

/// Seconds since the epoch to the millisecond: dates in JSON 1.1.
pub(crate) fn epoch(at: SystemTime) -> f64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    #[allow(clippy::cast_precision_loss)]
    let millis = since.as_millis() as f64;
    millis / 1000.0
}

/// Midnight of that day: Secrets Manager only tells the day of the last access.
pub(crate) fn day(at: SystemTime) -> SystemTime {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UNIX_EPOCH + Duration::from_secs(since - since % 86_400)
}
