//! A strict AWS stand-in for the tests and the demo of `iam-key-rotator`.
//!
//! One in-memory world of IAM, STS, Organizations, Secrets Manager (with its rotation engine),
//! Lambda (`Invoke`, configuration, policy), SNS, SESv2, KMS (`DescribeKey`) CloudTrail
//! (`LookupEvents`) and CloudWatch Logs (`FilterLogEvents`)
//! stands behind two doors: an SDK HTTP client for tests in the same process
//! ([`Simulator::http_client`]), and HTTP on loopback for any other program
//! ([`Simulator::serve`]). Every request is routed by its SigV4 credential scope, and its signature
//! is really checked. The crate knows nothing of the product: where both read AWS's documents, they
//! read them twice.
//!
//! It refuses what AWS refuses and, where AWS's behaviour is not documented, takes the side that is
//! harder for a client, or has a switch in [`Options`]. An operation it lacks is an error, never an
//! empty success.
//!
//! - `front`: from bytes to effect and back: routing, signatures, faults, hooks, journal
//! - `iam`, `sts`, `organizations`, `secretsmanager`, `lambda`, `functions`, `sns`, `ses`, `kms`, `cloudtrail`, `logs`: the
//!   services
//! - `rotation`: the engine, functions in process, the Lambda Runtime API
//! - `console`: state without HTTP, for tests
//! - `server`: HTTP, and the control surface under `/_simulator/` (`journal`, `mails`, `alerts`,
//!   `rotations?secret=ARN`, `clock`, `faults`; see `server/control.rs`)
//! - `world`, `clock`, `ids`: plain data, simulated time, deterministic names

mod clock;
mod cloudtrail;
mod console;
mod front;
mod functions;
mod iam;
mod ids;
mod kms;
mod lambda;
mod logs;
mod options;
mod organizations;
mod rotation;
mod secretsmanager;
mod server;
mod ses;
mod simulator;
mod sns;
mod sts;
mod world;

pub use console::{KeyView, SecretView, VersionView};
pub use front::call_as::CallError;
pub use front::fault::{Fault, FaultKind};
pub use front::journal::{Call, CallInfo, Outcome};
pub use options::{AccountFields, LastUsedUnknownKey, Options, ReportKeyOrder};
pub use rotation::engine::Rotation;
pub use rotation::events::EventReport;
pub use rotation::functions::{FunctionError, FunctionErrorKind, Invocation};
pub use rotation::report::{RotationEvent, RotationEventKind, RotationReport, StepReport};
pub use rotation::runtime_api::RuntimeApi;
pub use server::Server;
pub use simulator::{BoxFuture, Simulator, Snapshot};
pub use world::deployment::{FunctionSetup, KeyState};
pub use world::identity::KeyUse;
pub use world::messages::{Alert, Mail};
pub use world::secret::SecretValue;

/// Credentials as a client holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// `AKIA…` or `ASIA…`.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// Of temporary credentials.
    pub session_token: Option<String>,
}
