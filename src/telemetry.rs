//! What machines are told: JSON log lines and CloudWatch metrics, both on stdout.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

/// The CloudWatch namespace.
const NAMESPACE: &str = "IamKeyRotator";

/// Log lines as Lambda's own settings ask for them.
///
/// `level` and `format` are the values of `AWS_LAMBDA_LOG_LEVEL` and `AWS_LAMBDA_LOG_FORMAT`
/// ([advanced logging controls](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html)).
/// The level is this product's own; other crates stay at WARN whatever is asked, because at lower
/// levels the SDK logs the requests it signs and the Lambda runtime the events it receives, secrets
/// and RotationTokens included.
pub fn subscriber<W>(level: Option<&str>, format: Option<&str>, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let own = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let filter = Targets::new()
        .with_default(own.min(LevelFilter::WARN))
        // The runtime repeats each error that we have logged. A panic's message is on stderr anyway.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
        .with_target("iam_key_rotator", own)
        .with_target("rotation", own)
        .with_target("sweep", own);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match format {
        Some("Text") => lines.boxed(),
        _ => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(lines).with(filter)
}

/// One thing that is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Metric {
    /// A promotion.
    RotationSucceeded,
    /// A failed invocation, by `errorType`.
    RotationFailed,
    /// How long a step took, by `step`.
    StepDuration(Duration),
    /// How long a new key took to be accepted everywhere.
    PropagationDelay(Duration),
    /// Keys deactivated or deleted.
    KeysRetired(u32),
    /// A sweep that could not be made, by `errorType`.
    SweepFailed,
    /// Active keys older than they should ever be.
    KeysOverdue(u32),
    /// Active keys that are in no version of their user's secret.
    UnknownKeys(u32),
    /// Rotations that began long ago and have not ended.
    StuckRotations(u32),
    /// Users that could not be looked at.
    UsersSkipped(u32),
    /// The age of the oldest active key.
    OldestKeyAgeDays(u32),
}

impl Metric {
    fn parts(self) -> (&'static str, Value, &'static str) {
        let milliseconds =
            |duration: Duration| json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        match self {
            Self::RotationSucceeded => ("RotationSucceeded", json!(1), "Count"),
            Self::RotationFailed => ("RotationFailed", json!(1), "Count"),
            Self::StepDuration(duration) => ("StepDuration", milliseconds(duration), "Milliseconds"),
            Self::PropagationDelay(duration) => ("PropagationDelay", milliseconds(duration), "Milliseconds"),
            Self::KeysRetired(count) => ("KeysRetired", json!(count), "Count"),
            Self::SweepFailed => ("SweepFailed", json!(1), "Count"),
            Self::KeysOverdue(count) => ("KeysOverdue", json!(count), "Count"),
            Self::UnknownKeys(count) => ("UnknownKeys", json!(count), "Count"),
            Self::StuckRotations(count) => ("StuckRotations", json!(count), "Count"),
            Self::UsersSkipped(count) => ("UsersSkipped", json!(count), "Count"),
            Self::OldestKeyAgeDays(days) => ("OldestKeyAgeDays", json!(days), "None"),
        }
    }
}

/// Writes metrics in CloudWatch's
/// [Embedded Metric Format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
/// a log line is a metric, and no call is made.
#[derive(Clone)]
pub struct Metrics {
    write: Arc<dyn Fn(&str) + Send + Sync>,
    function: Arc<str>,
}

impl Metrics {
    /// Metrics whose lines go where `write` puts them.
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { write: Arc::new(write), function: "".into() }
    }

    /// The same metrics as those of a function: two stacks in one account must not read each other's.
    pub(crate) fn of(self, function: &str) -> Self {
        Self { function: function.into(), ..self }
    }

    /// Metrics on stdout, from where Lambda takes them to CloudWatch.
    pub(crate) fn stdout() -> Self {
        Self::new(|line| {
            // A closed stdout loses a metric; it must not end a rotation.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        })
    }

    /// Writes one metric of the function, both in total and by its dimensions.
    #[expect(
        clippy::disallowed_methods,
        reason = "a metric is stamped with the time of its log line; no decision hangs on it"
    )]
    pub(crate) fn emit(&self, metric: Metric, dimensions: &[(&str, &str)]) {
        let (name, value, unit) = metric.parts();
        let mut names = vec!["FunctionName"];
        let mut sets = vec![json!(names)];
        if !dimensions.is_empty() {
            names.extend(dimensions.iter().map(|(name, _)| *name));
            sets.push(json!(names));
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = Map::new();
        line.insert(
            "_aws".into(),
            json!({
                "Timestamp": u64::try_from(at.as_millis()).unwrap_or_default(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": sets,
                    "Metrics": [{"Name": name, "Unit": unit}],
                }],
            }),
        );
        line.insert(name.into(), value);
        line.insert("FunctionName".into(), json!(&*self.function));
        for (dimension, text) in dimensions {
            line.insert((*dimension).into(), json!(text));
        }
        (self.write)(&Value::Object(line).to_string());
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
