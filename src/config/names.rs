//! The names of all settings. Both functions accept all of them.

/// The settings of the rotation function. The sweep reads them too.
pub const NAMES: [&str; 20] = [
    "ROTATOR_ALERT_TOPIC_ARN",
    "ROTATOR_EMAIL_FROM",
    "ROTATOR_EMAIL_DOMAIN",
    "ROTATOR_EMAIL_TAG",
    "ROTATOR_ADMIN_EMAIL",
    "ROTATOR_EMAIL_TEMPLATE",
    "ROTATOR_OVERLAP",
    "ROTATOR_RECOVERY",
    "ROTATOR_IN_USE",
    "ROTATOR_UNKNOWN_KEYS",
    "ROTATOR_MODE",
    "ROTATOR_EXEMPT_USERS",
    "ROTATOR_EXEMPT_GROUP",
    "ROTATOR_EXEMPT_TAG",
    "ROTATOR_TEST_REGIONS",
    "ROTATOR_PROPAGATION_TIMEOUT",
    "ROTATOR_SECRET_NAME",
    "ROTATOR_SECRET_SHAPE",
    "ROTATOR_MEMBER_ROLE",
    "ROTATOR_MEMBER_EXTERNAL_ID",
];

/// Those of them that the sweep does not use.
pub(super) const ROTATION_ONLY: [&str; 2] = ["ROTATOR_TEST_REGIONS", "ROTATOR_PROPAGATION_TIMEOUT"];

/// The settings that only the sweep uses.
pub(super) const SWEEP_NAMES: [&str; 9] = [
    "ROTATOR_SCOPE",
    "ROTATOR_ROTATE_AFTER",
    "ROTATOR_WARN_BEFORE",
    "ROTATOR_MAX_AGE",
    "ROTATOR_SECRETS_IN",
    "ROTATOR_REPLICA_REGIONS",
    "ROTATOR_ROTATION_FUNCTION_ARN",
    "ROTATOR_ROTATION_ROLE_ARN",
    "ROTATOR_KMS_KEY_ID",
];
