//! The record of every call, in the order of their effects.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

use crate::front::access::Access;
use crate::front::fault::FaultKind;

/// A call that is about to take effect.
#[derive(Clone, Debug, Serialize)]
pub struct CallInfo {
    /// When it arrived.
    pub at: SystemTime,
    /// `iam`, `sts`, `organizations`, `secretsmanager`, `lambda`, `sns` or `ses`.
    pub service: &'static str,
    /// `CreateAccessKey`, …
    pub operation: String,
    /// The caller's account; empty if the key is unknown.
    pub account: String,
    /// The region of the credential scope.
    pub region: String,
    /// The caller's ARN as far as the key id tells, or `unknown:<key id>`.
    pub caller: String,
    /// The user, key, topic, role or parent named, or the ARN of the secret or function.
    pub target: Option<String>,
}

/// What the simulated AWS did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// It was done (the client may not have learnt of it: see [`Call::fault`]).
    Ok,
    /// It was refused with this error code.
    Error(String),
    /// It never reached the service.
    NoEffect,
}

/// A call in the journal.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// Position in the order of effects, from 1; goes on after `clear_journal`.
    pub seq: u64,
    /// When it arrived.
    pub at: SystemTime,
    /// When it was answered; `None` while it is not, or never was.
    pub ended: Option<SystemTime>,
    /// `iam`, `sts`, `organizations`, `secretsmanager`, `lambda`, `sns` or `ses`.
    pub service: &'static str,
    /// `CreateAccessKey`, …
    pub operation: String,
    /// The caller's account; empty if the key is unknown.
    pub account: String,
    /// The region of the credential scope.
    pub region: String,
    /// The caller's ARN as far as the key id tells, or `unknown:<key id>`.
    pub caller: String,
    /// The user, key, topic, role or parent named, or the ARN of the secret or function.
    pub target: Option<String>,
    /// The IAM action that AWS would evaluate policies on: `secretsmanager:DescribeSecret`,
    /// `lambda:InvokeFunction`, …
    pub action: String,
    /// The ARN that it would evaluate them on; `*` if the action has no resource.
    pub resource: String,
    /// The condition keys that a policy could test, by name. A key with several values
    /// (`aws:TagKeys`, `secretsmanager:AddReplicaRegions`, `ses:Recipients`) has them between commas.
    /// Never a secret value or a token.
    pub context: BTreeMap<String, String>,
    /// What the service did.
    pub outcome: Outcome,
    /// The fault that hit the call.
    pub fault: Option<FaultKind>,
}

impl Call {
    pub(crate) fn new(
        seq: u64,
        info: CallInfo,
        access: Access,
        outcome: Outcome,
        fault: Option<FaultKind>,
    ) -> Self {
        Self {
            seq,
            at: info.at,
            ended: None,
            service: info.service,
            operation: info.operation,
            account: info.account,
            region: info.region,
            caller: info.caller,
            target: info.target,
            action: access.action,
            resource: access.resource,
            context: access.keys.0,
            outcome,
            fault,
        }
    }
}
