//! What a call of AWS is to set up.

/// How a secret is to be rotated from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationSetup {
    pub(crate) function_arn: String,
    /// How often.
    pub(crate) every_days: i64,
}

/// A role of another account, and what that account demands of who assumes it
/// ([the confused deputy](https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberRole {
    pub(crate) arn: String,
    /// The ExternalId, if its trust policy asks for one.
    pub(crate) external_id: Option<String>,
}
