#!/usr/bin/env bash
# Deploys a release of iam-key-rotator as a CloudFormation stack, or removes it. It lies beside the release's files.
set -euo pipefail
# Version 2 of the AWS CLI would open a pager.
export AWS_PAGER=""

readonly STACK=iam-key-rotator TEMPLATE=iam-key-rotator.template.json PREFIX=iam-key-rotator/
RELEASE="$(cd "$(dirname "$0")" && pwd)"
readonly RELEASE

usage() {
    cat <<'EOF'
Usage:
  deploy.sh REGION EMAIL [PARAMETER=VALUE]...   create the stack iam-key-rotator, or update it
  deploy.sh --delete REGION                     remove the stack and its bucket; secrets and keys stay

EMAIL gets the alerts. PARAMETER is one of the template's, such as Mode=audit. An update keeps the parameters that you
do not give. In an account that may run only 10 functions at once, give ReservedConcurrency=0.

You need the AWS CLI, and credentials that may create what the template has. You can run it again at any time.
EOF
}

say() { printf '%s\n' "$@"; }

fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" >&2
    exit 1
}

wrong_usage() {
    printf 'error: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

in_region() { aws --region "$REGION" --output text "$@"; }

# Every call names the owner: a bucket of this name may belong to another account.
s3api() { in_region s3api "$@" --bucket "$BUCKET" --expected-bucket-owner "$ACCOUNT"; }

# The template and the zips are those that SHA256SUMS lists.
check_files() {
    local file listed
    [ -f "$RELEASE/SHA256SUMS" ] ||
        fail "$RELEASE/SHA256SUMS is missing. Nothing was changed." "Run deploy.sh in the folder with the files of the release."
    ZIPS=()
    for file in "$RELEASE/$TEMPLATE" "$RELEASE"/rotation-*.zip "$RELEASE"/sweep-*.zip; do
        [ -f "$file" ] || fail "$file is missing. Nothing was changed." "Download it from the same release, beside deploy.sh."
        listed="$(awk -v name="$(basename "$file")" '$2 == name { print $1 }' "$RELEASE/SHA256SUMS")"
        [ "$listed" = "$(sha256 "$file")" ] ||
            fail "$file does not have the checksum in SHA256SUMS. Nothing was changed." "Download it again from the same release."
        case "$file" in *.zip) ZIPS+=("$(basename "$file")") ;; esac
    done
}

# The parameters that this folder decides.
code_parameters() {
    # Named after the content: a changed zip is another object, and only then CloudFormation updates the functions.
    CODE="$PREFIX$(sha256 "$RELEASE/SHA256SUMS" | cut -c 1-16)/"
    PARAMETERS=("CodeBucket=$BUCKET" "CodePrefix=$CODE" "AlertEmail=$EMAIL")
    # `make package` may have built for one architecture only.
    case "${ZIPS[*]}" in
    "rotation-x86_64.zip sweep-x86_64.zip") PARAMETERS+=(Architecture=x86_64) ;;
    "rotation-arm64.zip sweep-arm64.zip") PARAMETERS+=(Architecture=arm64) ;;
    esac
}

identify() {
    local identity
    command -v aws >/dev/null ||
        fail "The AWS CLI is not installed." "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    identity="$(in_region sts get-caller-identity --query '[Account, Arn]')" ||
        fail "AWS did not accept these credentials in $REGION (see above). Nothing was changed." \
            "Set AWS_PROFILE or log in (aws login, aws sso login), and check the region."
    read -r ACCOUNT ARN <<<"$identity"
    BUCKET="$STACK-$ACCOUNT-$REGION"
    say "Account $ACCOUNT · Region $REGION · as $ARN"
}

# Prints nothing if there is no such stack.
stack_status() {
    local answer
    if answer="$(in_region cloudformation describe-stacks --stack-name "$STACK" --query 'Stacks[0].StackStatus' 2>&1)"; then
        say "$answer"
    elif [[ "$answer" != *"does not exist"* ]]; then
        fail "The stack $STACK cannot be read. Nothing was changed: $answer"
    fi
}

stack_output() {
    in_region cloudformation describe-stacks --stack-name "$STACK" --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

# CloudFormation's reasons, the newest first.
show_failures() {
    in_region cloudformation describe-stack-events --stack-name "$STACK" \
        --query "StackEvents[?contains(ResourceStatus, 'FAILED')].[LogicalResourceId, ResourceStatusReason] | [:10]" >&2 || true
}

refuse_unusable() {
    case "$1" in
    ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED | DELETE_FAILED)
        show_failures
        fail "The stack $STACK is in $1 and cannot be updated. The reasons are above." \
            "Remove what is left of it, then run deploy.sh again: bash $0 --delete $REGION"
        ;;
    UPDATE_ROLLBACK_FAILED)
        show_failures
        fail "The stack $STACK is in $1. The reasons are above." \
            "Fix the cause, then: aws cloudformation continue-update-rollback --region $REGION --stack-name $STACK"
        ;;
    REVIEW_IN_PROGRESS) ;; # An earlier run ended between the change set and its execution.
    *_IN_PROGRESS)
        fail "The stack $STACK is in $1: another operation is running. Nothing was changed." \
            "Run deploy.sh again when it has ended."
        ;;
    esac
}

# Fails if the bucket is there and is not ours.
bucket_exists() {
    local answer
    if answer="$(s3api head-bucket 2>&1)"; then return 0; fi
    case "$answer" in
    *"(404)"*) return 1 ;;
    *"(403)"*)
        fail "The bucket $BUCKET belongs to another account, or these credentials may not use it. It was left unchanged." \
            "If it is not yours, put the zips into another bucket and deploy $TEMPLATE with the AWS CLI (docs/deploying.md)."
        ;;
    *) fail "The bucket $BUCKET cannot be read: $answer" ;;
    esac
}

# No public access, no access lists, encrypted, and reached by TLS only.
make_bucket() {
    if ! bucket_exists; then
        say "Creating the bucket $BUCKET"
        local where=(--create-bucket-configuration "LocationConstraint=$REGION")
        # S3 takes no constraint for its first region. An empty array is unbound to the bash of macOS.
        [ "$REGION" != us-east-1 ] || where=()
        in_region s3api create-bucket --bucket "$BUCKET" --object-ownership BucketOwnerEnforced ${where[@]+"${where[@]}"} >/dev/null
    fi
    # Also for a bucket that exists: an earlier run may have ended before this.
    s3api put-public-access-block --public-access-block-configuration \
        BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    s3api put-bucket-ownership-controls --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'
    s3api put-bucket-encryption --server-side-encryption-configuration \
        '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}'
    s3api put-bucket-policy --policy "$(tls_only)"
}

tls_only() {
    local bucket
    # The second part of every ARN is the partition.
    bucket="arn:$(cut -d : -f 2 <<<"$ARN"):s3:::$BUCKET"
    cat <<EOF
{"Version": "2012-10-17", "Statement": [{"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
 "Resource": ["$bucket", "$bucket/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
EOF
}

deploy() {
    local zip status
    check_files
    identify
    status="$(stack_status)"
    refuse_unusable "$status"
    code_parameters
    make_bucket
    for zip in "${ZIPS[@]}"; do
        say "Uploading $zip"
        s3api put-object --key "$CODE$zip" --body "$RELEASE/$zip" >/dev/null
    done
    if ! in_region cloudformation deploy --stack-name "$STACK" --template-file "$RELEASE/$TEMPLATE" \
        --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --parameter-overrides "${PARAMETERS[@]}" "$@"; then
        show_failures
        fail "CloudFormation did not deploy the stack $STACK. Its reasons are above." "Fix the cause and run deploy.sh again."
    fi
    show_next_steps
}

show_next_steps() {
    cat <<EOF

The stack $STACK is deployed. Next:
  1. Confirm the subscription that SNS mails to $EMAIL.
  2. Let the rotator manage a user's keys, and give the user a rotated secret:
       aws iam tag-user --user-name USER --tags Key=iam-key-rotator:rotate,Value=true
       iam-key-rotator --region $REGION --function $(stack_output SweepFunctionName) enroll USER
EOF
}

delete() {
    local status
    identify
    status="$(stack_status)"
    if [ -n "$status" ]; then
        cancel_rotations "$(stack_output RotationFunctionArn)"
        say "Deleting the stack $STACK"
        in_region cloudformation delete-stack --stack-name "$STACK"
        if ! in_region cloudformation wait stack-delete-complete --stack-name "$STACK"; then
            show_failures
            fail "The stack $STACK was not deleted. The reasons are above. The bucket $BUCKET was left unchanged." \
                "Fix the cause and run this again."
        fi
    else
        say "There is no stack $STACK."
    fi
    if bucket_exists; then
        say "Deleting the bucket $BUCKET"
        in_region s3 rm --only-show-errors --recursive "s3://$BUCKET/$PREFIX"
        s3api delete-bucket ||
            fail "The bucket $BUCKET was not deleted (see above). What deploy.sh did not put there was left unchanged."
    else
        say "There is no bucket $BUCKET."
    fi
    say "Removed. Secrets, users, keys and the functions' log groups stay."
}

# Secrets Manager would keep invoking a function that is gone.
cancel_rotations() {
    local secrets secret
    if [ -z "$1" ] || [ "$1" = None ]; then return; fi
    secrets="$(in_region secretsmanager list-secrets --query "SecretList[?RotationLambdaARN=='$1' && RotationEnabled].ARN")"
    for secret in $secrets; do
        say "Turning off the rotation of $secret"
        in_region secretsmanager cancel-rotate-secret --secret-id "$secret" >/dev/null
    done
}

take_region() {
    [[ "$1" =~ ^[a-z]{2,}(-[a-z]+)+-[0-9]+$ ]] || wrong_usage "\"$1\" is not a region such as eu-west-1."
    REGION="$1"
}

case "${1-}" in
-h | --help) usage ;;
--delete)
    [ $# -eq 2 ] || wrong_usage "--delete needs the region, and nothing else."
    take_region "$2"
    delete
    ;;
*)
    [ $# -ge 2 ] || wrong_usage "The region and an e-mail address are missing."
    take_region "$1"
    [[ "$2" == ?*@?* ]] || wrong_usage "\"$2\" is not an e-mail address."
    EMAIL="$2"
    shift 2
    for each in "$@"; do
        [[ "$each" =~ ^[A-Z][A-Za-z]+= ]] || wrong_usage "\"$each\" is not PARAMETER=VALUE."
    done
    deploy "$@"
    ;;
esac
