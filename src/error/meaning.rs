//! What each error code that AWS documents for our calls means: does it pass, or must a person act?
//!
//! The codes are those of each call's page in AWS's API references, which the functions here link,
//! and of the errors that all calls share. The table test in `meaning_tests.rs` goes through all of them.

use super::remedy;

/// What a failed call means to whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A permission is missing.
    Denied,
    /// AWS asks to slow down.
    Throttled,
    /// It may succeed when it is repeated.
    Passing,
    /// AWS refuses it until a person changes something, which this text names.
    Refused(&'static str),
}

use Meaning::{Denied, Passing, Refused, Throttled};

/// Codes of a missing permission, of all services.
const DENIED: [&str; 7] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "UnauthorizedOperation",
    "InvalidSecurity",
];
/// Codes of too many requests, of all services.
const THROTTLED: [&str; 13] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "BandwidthLimitExceeded",
    "KMSThrottling",
    "KMSThrottlingException",
    "PriorRequestNotComplete",
];
/// Codes that pass although AWS answers them with a client error: another change is under way, a read
/// lags behind, or a time was exceeded. A thing that does not exist may be one that does not show yet
/// ([eventual consistency](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency)).
const PASSING: [&str; 18] = [
    "ConcurrentModification",
    "ConcurrentModificationException",
    "EntityTemporarilyUnmodifiable",
    "InternalServiceError",
    "InvalidNextTokenException",
    "NoSuchEntity",
    "ReportExpired",
    "ReportInProgress",
    "ReportNotPresent",
    "RequestAborted",
    "RequestAbortedException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "RequestTimeoutException",
    "ResourceConflictException",
    "ResourceExistsException",
    "ResourceNotReadyException",
];
/// Codes about credentials that AWS does not know. A session that is seconds old may not be known
/// everywhere yet, so they pass as far as is known, with what to look at
/// ([errors that all calls share](https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html)).
const CREDENTIALS: [&str; 6] = [
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "InvalidAccessKeyId",
    "AuthFailure",
];
/// Codes of a session that has ended. A function gets another one by itself.
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"];
const SIGNATURE: [&str; 3] = ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"];

/// What a code means, for the call of an action. `status`: of HTTP, where there was an answer.
pub(super) fn meaning(action: &str, code: &str, message: &str, status: u16) -> Meaning {
    let (service, call) = action.split_once(':').unwrap_or((action, ""));
    if DENIED.contains(&code) {
        return Denied;
    }
    if THROTTLED.contains(&code) || status == 429 {
        return Throttled;
    }
    let known = match service {
        "secretsmanager" => secrets_manager(call, code, message),
        "iam" => iam(call, code),
        "sts" => sts(code),
        "ses" => ses(code),
        "sns" => sns(code),
        "lambda" => lambda(code),
        "organizations" => organizations(code),
        _ => None,
    };
    known.or_else(|| common(code)).unwrap_or(match status {
        // What is not documented: a client error stays one until the request is another.
        400..=499 if ![408, 409, 425].contains(&status) => Refused(remedy::REQUEST),
        _ => Passing,
    })
}

/// Errors that every service may answer, e.g. those of
/// [Secrets Manager](https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html) and
/// [IAM](https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html).
fn common(code: &str) -> Option<Meaning> {
    Some(match code {
        _ if PASSING.contains(&code) || advice(code).is_some() => Passing,
        _ if SIGNATURE.contains(&code) => Refused(remedy::SIGNATURE),
        "OptInRequired" | "SubscriptionRequiredException" => Refused(remedy::OPT_IN),
        "NotFoundException" | "NotFound" | "ResourceNotFoundException" => Refused(remedy::NOT_THERE),
        "UnknownOperationException" | "InvalidAction" | "UnsupportedOperation" => Refused(remedy::ENDPOINT),
        _ => return None,
    })
}

/// Each call's page, e.g. of
/// [PutSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html#API_PutSecretValue_Errors),
/// [CreateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html#API_CreateSecret_Errors),
/// [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors),
/// [RotateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html#API_RotateSecret_Errors),
/// [UpdateSecretVersionStage](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html#API_UpdateSecretVersionStage_Errors),
/// [PutResourcePolicy](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html#API_PutResourcePolicy_Errors).
fn secrets_manager(call: &str, code: &str, message: &str) -> Option<Meaning> {
    let says = |words: &str| message.to_ascii_lowercase().contains(words);
    Some(match code {
        // Not there, or not there yet: reads lag.
        "ResourceNotFoundException" => Passing,
        _ if of_kms_key(code) && call == "CreateSecret" => Refused(remedy::NEW_KMS_KEY),
        _ if of_kms_key(code) => Refused(remedy::KMS_KEY),
        "LimitExceededException" if call == "CreateSecret" => Refused(remedy::SECRETS_QUOTA),
        "LimitExceededException" if call == "TagResource" => Refused(remedy::SECRET_TAGS),
        "LimitExceededException" => Refused(remedy::LABELS),
        "MalformedPolicyDocumentException" => Refused(remedy::POLICY),
        "PublicPolicyException" => Refused(remedy::PUBLIC_POLICY),
        // "The request failed because you did not complete all the prerequisite steps."
        "PreconditionNotMetException" => Refused(remedy::REQUEST),
        // RotateSecret's way to say that it goes on with a rotation that had not ended.
        "InvalidRequestException" if says("will be reattempted") => Passing,
        "InvalidRequestException" if says("previous rotation isn") => Refused(remedy::UNSTICK),
        "InvalidRequestException" if says("deletion") => Refused(remedy::DELETED),
        "InvalidRequestException" if says("managed by") || says("owned by") => Refused(remedy::MANAGED),
        "InvalidRequestException" if says("default kms") => Refused(remedy::FOREIGN_KMS),
        "InvalidRequestException" if says("lambda") => Refused(remedy::NO_FUNCTION),
        "InvalidParameterException" | "ValidationException" if says("replica region") => {
            Refused(remedy::REPLICA_REGION)
        }
        "InvalidParameterException" if says("replica secret") => Refused(remedy::IS_REPLICA),
        _ if is_invalid(code) && says("65536") => Refused(remedy::VALUE_TOO_LONG),
        _ if is_invalid(code) && call == "TagResource" => Refused(remedy::SECRET_TAGS),
        _ if is_invalid(code) && call == "CreateSecret" => Refused(remedy::NEW_SECRET),
        _ if is_invalid(code) && call == "RotateSecret" => Refused(remedy::ROTATION_SETUP),
        _ if is_invalid(code) || code == "InvalidRequestException" => Refused(remedy::REQUEST),
        _ => return None,
    })
}

/// Secrets Manager's own two codes, and those of KMS where they come through: `DisabledException`,
/// `KMSInvalidStateException`, `KeyUnavailableException`, …
/// ([GenerateDataKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html#API_GenerateDataKey_Errors)).
fn of_kms_key(code: &str) -> bool {
    let own = ["EncryptionFailure", "DecryptionFailure", "DisabledException", "KeyUnavailableException"];
    let of_kms = ["Disabled", "InvalidState", "InvalidKeyUsage", "NotFound", "OptInRequired", "AccessDenied"];
    let through = code.strip_prefix("KMS").map(|code| code.trim_end_matches("Exception"));
    own.contains(&code) || through.is_some_and(|code| of_kms.contains(&code))
}

fn is_invalid(code: &str) -> bool {
    ["InvalidParameterException", "ValidationException", "ValidationError"].contains(&code)
}

/// Each call's page, e.g. of
/// [CreateAccessKey](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html#API_CreateAccessKey_Errors),
/// [TagUser](https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html#API_TagUser_Errors),
/// [GenerateCredentialReport](https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html#API_GenerateCredentialReport_Errors).
fn iam(call: &str, code: &str) -> Option<Meaning> {
    Some(match code {
        // There is one report in four hours; the next sweep finds it.
        "LimitExceeded" if call == "GenerateCredentialReport" => Passing,
        "LimitExceeded" if call == "TagUser" => Refused(remedy::USER_TAGS),
        "LimitExceeded" if call == "CreateAccessKey" => Refused(remedy::TWO_KEYS),
        "LimitExceeded" => Refused(remedy::IAM_QUOTA),
        "MalformedPolicyDocument" => Refused(remedy::POLICY),
        "InvalidInput" | "ValidationError" | "ValidationException" => Refused(remedy::REQUEST),
        _ => return None,
    })
}

/// [AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors).
fn sts(code: &str) -> Option<Meaning> {
    Some(match code {
        "RegionDisabledException" => Refused(remedy::REGION_DISABLED),
        "MalformedPolicyDocument" | "PackedPolicyTooLarge" => Refused(remedy::POLICY),
        "ValidationError" => Refused(remedy::MEMBER_ROLE),
        _ => return None,
    })
}

/// [SendEmail](https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors).
fn ses(code: &str) -> Option<Meaning> {
    Some(match code {
        "AccountSuspendedException" | "SendingPausedException" => Refused(remedy::SENDING_PAUSED),
        "MailFromDomainNotVerifiedException" | "MessageRejected" => Refused(remedy::SENDER),
        "NotFoundException" => Refused(remedy::TEMPLATE),
        "LimitExceededException" => Refused(remedy::SES_QUOTA),
        "BadRequestException" => Refused(remedy::MAIL),
        _ => return None,
    })
}

/// [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors). The codes
/// come with and without `Exception`.
fn sns(code: &str) -> Option<Meaning> {
    Some(match code.trim_end_matches("Exception") {
        "KMSAccessDenied" => Denied,
        "KMSDisabled" | "KMSInvalidState" | "KMSNotFound" | "KMSOptInRequired" => Refused(remedy::TOPIC_KMS),
        "NotFound" => Refused(remedy::TOPIC),
        "EndpointDisabled" | "PlatformApplicationDisabled" => Refused(remedy::TOPIC),
        "InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid" | "Validation" => {
            Refused(remedy::TOPIC)
        }
        _ => return None,
    })
}

/// [Invoke](https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors). Its key, image
/// and network are the function's own, and Lambda answers 502 although no repetition helps.
fn lambda(code: &str) -> Option<Meaning> {
    Some(match code {
        "KMSAccessDeniedException"
        | "KMSDisabledException"
        | "KMSInvalidStateException"
        | "KMSNotFoundException" => Refused(remedy::FUNCTION_KMS),
        "EC2AccessDeniedException" | "InvalidSecurityGroupIDException" | "InvalidSubnetIDException" => {
            Refused(remedy::FUNCTION_NETWORK)
        }
        "CodeArtifactUserDeletedException"
        | "CodeArtifactUserFailedException"
        | "InvalidRuntimeException"
        | "InvalidZipFileException"
        | "ModeNotSupportedException"
        | "NoPublishedVersionException" => Refused(remedy::FUNCTION_CODE),
        "RecursiveInvocationException" => Refused(remedy::RECURSION),
        "InvalidParameterValueException"
        | "InvalidRequestContentException"
        | "RequestTooLargeException"
        | "SerializedRequestEntityTooLargeException"
        | "UnsupportedMediaTypeException"
        | "DurableExecutionAlreadyStartedException" => Refused(remedy::REQUEST),
        "ResourceNotFoundException" => Refused(remedy::NO_SUCH_FUNCTION),
        "ServiceQuotaExceededException" => Refused(remedy::FUNCTION_QUOTA),
        // Places in the network, file systems and snapshots come back by themselves.
        "CodeArtifactUserPendingException" | "ServiceException" => Passing,
        _ if ["EFS", "S3Files", "SnapStart"].iter().any(|start| code.starts_with(start)) => Passing,
        _ => return None,
    })
}

/// [ListAccounts](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html#API_ListAccounts_Errors),
/// [ListAccountsForParent](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html#API_ListAccountsForParent_Errors).
fn organizations(code: &str) -> Option<Meaning> {
    Some(match code {
        "AWSOrganizationsNotInUseException" => Refused(remedy::NO_ORGANIZATION),
        "ParentNotFoundException" => Refused(remedy::NO_SUCH_UNIT),
        "InvalidInputException" => Refused(remedy::REQUEST),
        _ => return None,
    })
}

/// What to look at where a code passes, as far as is known, and the credentials may be at fault.
pub(super) fn advice(code: &str) -> Option<&'static str> {
    match code {
        _ if EXPIRED.contains(&code) => Some(remedy::EXPIRED),
        _ if CREDENTIALS.contains(&code) => Some(remedy::CREDENTIALS),
        _ => None,
    }
}

#[cfg(test)]
#[path = "meaning_tests.rs"]
mod tests;
