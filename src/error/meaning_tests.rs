//! AWS's own lists of errors, call by call, each classified.

use super::*;

/// Of each call: its page in the reference, and the errors that the page lists, with what each means: `d`
/// denied, `t` throttled, `p` passing, `r` refused.
type Listed = (&'static str, &'static str, &'static [(&'static str, char, u16)]);

const SECRETS: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_";
const IAM: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_";
const SES: &str = "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_";
const SNS: &str = "https://docs.aws.amazon.com/sns/latest/api/API_";
const LAMBDA: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_";
const ORGANIZATIONS: &str = "https://docs.aws.amazon.com/organizations/latest/APIReference/API_";

const INTERNAL: (&str, char, u16) = ("InternalServiceError", 'p', 500);
const PARAMETER: (&str, char, u16) = ("InvalidParameterException", 'r', 400);
const REQUEST: (&str, char, u16) = ("InvalidRequestException", 'r', 400);
const NO_SECRET: (&str, char, u16) = ("ResourceNotFoundException", 'p', 400);
const NO_USER: (&str, char, u16) = ("NoSuchEntity", 'p', 404);
const FAILURE: (&str, char, u16) = ("ServiceFailure", 'p', 500);
const LIMIT: (&str, char, u16) = ("LimitExceeded", 'r', 409);
const INPUT: (&str, char, u16) = ("InvalidInput", 'r', 400);
const ENCRYPTION: (&str, char, u16) = ("EncryptionFailure", 'r', 400);
const DECRYPTION: (&str, char, u16) = ("DecryptionFailure", 'r', 400);
const SECRETS_LIMIT: (&str, char, u16) = ("LimitExceededException", 'r', 400);
const NEXT: (&str, char, u16) = ("InvalidNextTokenException", 'p', 400);
const TAKEN: (&str, char, u16) = ("ResourceExistsException", 'p', 400);
const POLICY: (&str, char, u16) = ("MalformedPolicyDocumentException", 'r', 400);
const TOO_MANY: (&str, char, u16) = ("TooManyRequestsException", 't', 429);
const NO_FUNCTION: (&str, char, u16) = ("ResourceNotFoundException", 'r', 404);
const SERVICE: (&str, char, u16) = ("ServiceException", 'p', 500);
const VALUE: (&str, char, u16) = ("InvalidParameterValueException", 'r', 400);

const CALLS: &[Listed] = &[
    (SECRETS, "secretsmanager:DescribeSecret", &[INTERNAL, PARAMETER, NO_SECRET]),
    (SECRETS, "secretsmanager:ListSecrets", &[INTERNAL, NEXT, PARAMETER, REQUEST]),
    (SECRETS, "secretsmanager:ListSecretVersionIds", &[INTERNAL, NEXT, PARAMETER, NO_SECRET]),
    (SECRETS, "secretsmanager:GetSecretValue", &[DECRYPTION, INTERNAL, PARAMETER, REQUEST, NO_SECRET]),
    (
        SECRETS,
        "secretsmanager:PutSecretValue",
        &[DECRYPTION, ENCRYPTION, INTERNAL, PARAMETER, REQUEST, SECRETS_LIMIT, TAKEN, NO_SECRET],
    ),
    (
        SECRETS,
        "secretsmanager:UpdateSecretVersionStage",
        &[INTERNAL, PARAMETER, REQUEST, SECRETS_LIMIT, NO_SECRET],
    ),
    (
        SECRETS,
        "secretsmanager:CreateSecret",
        &[
            DECRYPTION,
            ENCRYPTION,
            INTERNAL,
            PARAMETER,
            REQUEST,
            SECRETS_LIMIT,
            POLICY,
            ("PreconditionNotMetException", 'r', 400),
            TAKEN,
            NO_SECRET,
        ],
    ),
    (SECRETS, "secretsmanager:GetResourcePolicy", &[INTERNAL, PARAMETER, REQUEST, NO_SECRET]),
    (
        SECRETS,
        "secretsmanager:PutResourcePolicy",
        &[INTERNAL, PARAMETER, REQUEST, POLICY, ("PublicPolicyException", 'r', 400), NO_SECRET],
    ),
    (SECRETS, "secretsmanager:RotateSecret", &[INTERNAL, PARAMETER, REQUEST, NO_SECRET]),
    (SECRETS, "secretsmanager:TagResource", &[INTERNAL, PARAMETER, REQUEST, NO_SECRET]),
    (SECRETS, "secretsmanager:UntagResource", &[INTERNAL, PARAMETER, REQUEST, NO_SECRET]),
    (IAM, "iam:ListAccessKeys", &[NO_USER, FAILURE]),
    (IAM, "iam:GetAccessKeyLastUsed", &[NO_USER]),
    (IAM, "iam:CreateAccessKey", &[LIMIT, NO_USER, FAILURE]),
    (IAM, "iam:UpdateAccessKey", &[INPUT, LIMIT, NO_USER, FAILURE]),
    (IAM, "iam:DeleteAccessKey", &[LIMIT, NO_USER, FAILURE]),
    (IAM, "iam:ListUserTags", &[NO_USER, FAILURE]),
    (IAM, "iam:TagUser", &[("ConcurrentModification", 'p', 409), INPUT, LIMIT, NO_USER, FAILURE]),
    (IAM, "iam:ListAccountAliases", &[FAILURE]),
    (IAM, "iam:ListGroupsForUser", &[NO_USER, FAILURE]),
    (IAM, "iam:GetGroup", &[NO_USER, FAILURE]),
    (IAM, "iam:GenerateCredentialReport", &[("LimitExceeded", 'p', 409), FAILURE]),
    (
        IAM,
        "iam:GetCredentialReport",
        &[
            ("ReportExpired", 'p', 410),
            ("ReportInProgress", 'p', 404),
            ("ReportNotPresent", 'p', 410),
            FAILURE,
        ],
    ),
    (IAM, "iam:SimulatePrincipalPolicy", &[INPUT, NO_USER, ("PolicyEvaluation", 'p', 500)]),
    (
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_",
        "sts:AssumeRole",
        &[
            ("ExpiredTokenException", 'p', 400),
            ("MalformedPolicyDocument", 'r', 400),
            ("PackedPolicyTooLarge", 'r', 400),
            ("RegionDisabledException", 'r', 403),
        ],
    ),
    (
        SES,
        "ses:SendEmail",
        &[
            ("AccountSuspendedException", 'r', 400),
            ("BadRequestException", 'r', 400),
            ("LimitExceededException", 'r', 400),
            ("MailFromDomainNotVerifiedException", 'r', 400),
            ("MessageRejected", 'r', 400),
            ("NotFoundException", 'r', 404),
            ("SendingPausedException", 'r', 400),
            TOO_MANY,
        ],
    ),
    (SES, "ses:GetAccount", &[("BadRequestException", 'r', 400), TOO_MANY]),
    (
        SES,
        "ses:GetEmailIdentity",
        &[("BadRequestException", 'r', 400), ("NotFoundException", 'r', 404), TOO_MANY],
    ),
    (
        SNS,
        "sns:Publish",
        &[
            ("AuthorizationError", 'd', 403),
            ("EndpointDisabled", 'r', 400),
            ("InternalError", 'p', 500),
            ("InvalidParameter", 'r', 400),
            ("ParameterValueInvalid", 'r', 400),
            ("InvalidSecurity", 'd', 403),
            ("KMSAccessDenied", 'd', 400),
            ("KMSDisabled", 'r', 400),
            ("KMSInvalidState", 'r', 400),
            ("KMSNotFound", 'r', 400),
            ("KMSOptInRequired", 'r', 403),
            ("KMSThrottling", 't', 400),
            ("NotFound", 'r', 404),
            ("PlatformApplicationDisabled", 'r', 400),
            ("ValidationException", 'r', 400),
        ],
    ),
    (
        SNS,
        "sns:ListSubscriptionsByTopic",
        &[
            ("AuthorizationError", 'd', 403),
            ("InternalError", 'p', 500),
            ("InvalidParameter", 'r', 400),
            ("NotFound", 'r', 404),
        ],
    ),
    (
        LAMBDA,
        "lambda:InvokeFunction",
        &[
            ("EC2AccessDeniedException", 'r', 502),
            ("EC2ThrottledException", 'p', 502),
            ("EC2UnexpectedException", 'p', 502),
            ("EFSIOException", 'p', 410),
            ("EFSMountConnectivityException", 'p', 408),
            ("EFSMountFailureException", 'p', 403),
            ("EFSMountTimeoutException", 'p', 408),
            ("ENILimitReachedException", 'p', 502),
            VALUE,
            ("InvalidRequestContentException", 'r', 400),
            ("InvalidRuntimeException", 'r', 502),
            ("InvalidSecurityGroupIDException", 'r', 502),
            ("InvalidSubnetIDException", 'r', 502),
            ("InvalidZipFileException", 'r', 502),
            ("KMSAccessDeniedException", 'r', 502),
            ("KMSDisabledException", 'r', 502),
            ("KMSInvalidStateException", 'r', 502),
            ("KMSNotFoundException", 'r', 502),
            ("RecursiveInvocationException", 'r', 400),
            ("RequestTooLargeException", 'r', 413),
            ("ResourceConflictException", 'p', 409),
            NO_FUNCTION,
            ("ResourceNotReadyException", 'p', 502),
            SERVICE,
            ("SnapStartException", 'p', 400),
            ("SnapStartNotReadyException", 'p', 409),
            ("SnapStartTimeoutException", 'p', 408),
            ("SubnetIPAddressLimitReachedException", 'p', 502),
            TOO_MANY,
            ("UnsupportedMediaTypeException", 'r', 415),
        ],
    ),
    (LAMBDA, "lambda:GetFunctionConfiguration", &[VALUE, NO_FUNCTION, SERVICE, TOO_MANY]),
    (LAMBDA, "lambda:GetPolicy", &[VALUE, NO_FUNCTION, SERVICE, TOO_MANY]),
    (LAMBDA, "lambda:GetFunctionConcurrency", &[VALUE, NO_FUNCTION, SERVICE, TOO_MANY]),
    (LAMBDA, "lambda:ListTags", &[VALUE, NO_FUNCTION, SERVICE, TOO_MANY]),
    (
        LAMBDA,
        "lambda:TagResource",
        &[VALUE, ("ResourceConflictException", 'p', 409), NO_FUNCTION, SERVICE, TOO_MANY],
    ),
    (
        ORGANIZATIONS,
        "organizations:ListAccounts",
        &[
            ("AccessDeniedException", 'd', 400),
            ("AWSOrganizationsNotInUseException", 'r', 400),
            ("InvalidInputException", 'r', 400),
            SERVICE,
            ("TooManyRequestsException", 't', 400),
        ],
    ),
    (
        ORGANIZATIONS,
        "organizations:ListAccountsForParent",
        &[
            ("AccessDeniedException", 'd', 400),
            ("AWSOrganizationsNotInUseException", 'r', 400),
            ("InvalidInputException", 'r', 400),
            ("ParentNotFoundException", 'r', 400),
            SERVICE,
            ("TooManyRequestsException", 't', 400),
        ],
    ),
    (
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_",
        "kms:DescribeKey",
        &[
            ("DependencyTimeoutException", 'p', 500),
            ("InvalidArnException", 'r', 400),
            ("KMSInternalException", 'p', 500),
            ("NotFoundException", 'r', 400),
        ],
    ),
    (
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_",
        "cloudtrail:LookupEvents",
        &[
            ("InvalidEventCategoryException", 'r', 400),
            ("InvalidLookupAttributesException", 'r', 400),
            ("InvalidMaxResultsException", 'r', 400),
            ("InvalidNextTokenException", 'p', 400),
            ("InvalidTimeRangeException", 'r', 400),
            ("OperationNotPermittedException", 'r', 400),
            ("UnsupportedOperationException", 'r', 400),
        ],
    ),
    (
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_",
        "logs:FilterLogEvents",
        &[
            ("InvalidParameterException", 'r', 400),
            ("ResourceNotFoundException", 'r', 400),
            ("ServiceUnavailableException", 'p', 500),
        ],
    ),
    // <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>, and the same
    // page of the other services.
    (
        "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html#",
        "iam:ListAccessKeys",
        &[
            ("AccessDenied", 'd', 403),
            ("AccessDeniedException", 'd', 400),
            ("ExpiredTokenException", 'p', 403),
            ("IncompleteSignature", 'r', 403),
            ("InternalFailure", 'p', 500),
            ("InvalidClientTokenId", 'p', 403),
            ("InvalidSignatureException", 'r', 403),
            ("MalformedHttpRequestException", 'r', 400),
            ("MissingAuthenticationToken", 'p', 403),
            ("NotAuthorized", 'd', 401),
            ("OptInRequired", 'r', 403),
            ("RequestAbortedException", 'p', 400),
            ("RequestEntityTooLargeException", 'r', 413),
            ("RequestExpired", 'p', 400),
            ("RequestTimeoutException", 'p', 408),
            ("ServiceUnavailable", 'p', 503),
            ("SignatureDoesNotMatch", 'r', 403),
            ("Throttling", 't', 400),
            ("ThrottlingException", 't', 400),
            ("UnknownOperationException", 'r', 404),
            ("UnrecognizedClientException", 'p', 403),
            ("ValidationError", 'r', 400),
        ],
    ),
];

#[test]
fn every_error_that_aws_lists_for_our_calls_is_classified() {
    for (page, action, errors) in CALLS {
        for (code, expected, status) in *errors {
            let found = match meaning(action, code, "", *status) {
                Denied => 'd',
                Throttled => 't',
                Passing => 'p',
                Refused(remedy) => {
                    assert!(!remedy.contains("by itself") && !remedy.contains("tried again"), "{remedy}");
                    'r'
                }
            };
            let call = action.split(':').next_back().unwrap_or_default();
            assert_eq!(
                found,
                *expected,
                "{action} {code}: see {page}{}",
                call.replace("InvokeFunction", "Invoke")
            );
        }
    }
}

/// The causes that AWS names for
/// [InvalidRequestException](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html#API_RotateSecret_Errors),
/// as its messages word them.
#[test]
fn one_code_with_several_causes_has_a_remedy_for_each() {
    for (action, code, message, remedy) in [
        (
            "GetSecretValue",
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
            "restore-secret",
        ),
        (
            "CreateSecret",
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
            "restore-secret",
        ),
        ("RotateSecret", "InvalidRequestException", "A previous rotation isn't complete.", "unstick"),
        (
            "RotateSecret",
            "InvalidRequestException",
            "The secret is managed by another service, and you must use that service to update it.",
            "Another AWS service",
        ),
        (
            "RotateSecret",
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret.",
            "doctor",
        ),
        (
            "GetSecretValue",
            "InvalidRequestException",
            "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
            "customer managed",
        ),
        ("CreateSecret", "InvalidParameterException", "Invalid replica region.", "ROTATOR_REPLICA_REGIONS"),
        (
            "TagResource",
            "InvalidParameterException",
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
            "primary",
        ),
        ("TagResource", "LimitExceededException", "", "50 tags"),
        ("TagResource", "InvalidParameterException", "Too many tags.", "50 tags"),
        ("PutSecretValue", "LimitExceededException", "", "20 staging labels"),
        (
            "PutSecretValue",
            "ValidationException",
            "Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
            "65,536 bytes",
        ),
        ("CreateSecret", "EncryptionFailure", "", "ROTATOR_KMS_KEY_ID"),
        ("PutSecretValue", "EncryptionFailure", "", "enable-key"),
        ("GetSecretValue", "KMSInvalidStateException", "", "enable-key"),
        ("GetSecretValue", "DisabledException", "", "enable-key"),
        ("CreateSecret", "KMSNotFoundException", "", "ROTATOR_KMS_KEY_ID"),
    ] {
        let found = meaning(&format!("secretsmanager:{action}"), code, message, 400);
        assert!(
            matches!(found, Refused(text) if text.contains(remedy)),
            "{action} {code} {message}: {found:?}"
        );
    }
    let taken_up = "A previous rotation isn't complete. That rotation will be reattempted.";
    assert_eq!(meaning("secretsmanager:RotateSecret", "InvalidRequestException", taken_up, 400), Passing);
}

#[test]
fn a_code_that_nobody_has_documented_goes_by_its_status() {
    assert!(matches!(meaning("iam:TagUser", "SomethingNew", "", 400), Refused(_)));
    assert_eq!(meaning("iam:TagUser", "SomethingNew", "", 503), Passing);
    assert_eq!(meaning("iam:TagUser", "SomethingNew", "", 429), Throttled);
}
