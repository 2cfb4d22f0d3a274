//! AWS, as this product uses it. The only place that names the SDK's types: one file a service,
//! and one for what their failures mean.
//!
//! Clients are concrete, and tests speak HTTP to a simulator, so there is no trait in between.

mod clock;
#[cfg(feature = "cli")]
mod cloudtrail;
mod failure;
mod http;
mod iam;
#[cfg(feature = "cli")]
mod kms;
mod lambda;
#[cfg(feature = "cli")]
mod logs;
mod organizations;
mod pace;
#[cfg(feature = "cli")]
mod profile;
mod secrets_manager;
mod ses;
mod sns;
mod sts;
mod usable;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
#[cfg(feature = "cli")]
use aws_config::{profile::ProfileFileCredentialsProvider, provider_config::ProviderConfig};
use aws_credential_types::provider::SharedCredentialsProvider;

use tokio::sync::Mutex;

use crate::error::CallError;
use crate::model::MemberRole;

pub(crate) use clock::AwsClock;
#[cfg(feature = "cli")]
pub(crate) use cloudtrail::CloudTrail;
pub(crate) use iam::{Iam, KeyOwner};
#[cfg(feature = "cli")]
pub(crate) use kms::Kms;
pub(crate) use lambda::{FunctionState, Lambda};
#[cfg(feature = "cli")]
pub(crate) use logs::{LoggedError, Logs};
pub(crate) use organizations::{MemberAccount, Organizations};
#[cfg(feature = "cli")]
pub(crate) use profile::{Profile, ProfileSource, profile};
pub(crate) use secrets_manager::{MOST_PAGES, NewSecret, SecretsManager, StoredValue};
pub(crate) use ses::{Email, MailContent, Ses};
pub(crate) use sns::Sns;
pub(crate) use sts::{Identity, Sts};

/// Longest wait for one attempt of one call. A silent peer would otherwise never end
/// ([SDK timeouts](https://docs.aws.amazon.com/sdk-for-rust/latest/dg/timeouts.html)).
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for one call with all its retries.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// The clients of one function, each built once and used by every invocation of it.
#[derive(Clone, Debug)]
pub struct Aws {
    /// Secrets Manager, under the function's role.
    pub(crate) secrets: SecretsManager,
    pub(crate) clock: AwsClock,
    // Most invocations send nothing, and a client costs a cold start more than a call does.
    sns: OnceLock<Sns>,
    ses: OnceLock<Ses>,
    #[cfg(feature = "cli")]
    cloudtrail: OnceLock<CloudTrail>,
    sdk: SdkConfig,
    iam: Iam,
    /// Other accounts, by the ARN of the role.
    members: Arc<Mutex<HashMap<String, Member>>>,
}

/// Another account, through a role of that account.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) iam: Iam,
    /// Secrets Manager there, in the function's region.
    pub(crate) secrets: SecretsManager,
}

impl Aws {
    /// Clients as the Lambda runtime's environment describes them: region, credentials and
    /// endpoints from environment variables, one HTTP connection pool for all, through the proxies that
    /// the environment names. The SDK's retries are its standard ones: it would end the process over an
    /// unreadable `AWS_MAX_ATTEMPTS` or `AWS_RETRY_MODE`.
    pub(crate) async fn from_lambda_environment() -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http::client())
            .retry_config(RetryConfig::standard())
            .credentials_provider(aws_config::environment::EnvironmentVariableCredentialsProvider::new())
            .load()
            .await;
        Self::new(checked(sdk))
    }

    /// Clients as every AWS tool finds them: profiles with SSO, roles and processes, environment
    /// variables, containers and instances.
    ///
    /// A profile that is named here wins over exported credentials, as in the AWS CLI: the SDK's own
    /// chain reads the environment first, and would act on whatever account was exported last. It is
    /// the only source then: a profile without credentials is an error.
    #[cfg(feature = "cli")]
    pub async fn from_operator_environment(profile: Option<&str>, region: Option<&str>) -> Self {
        let http = http::client();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .retry_config(RetryConfig::standard());
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(aws_config::Region::new(region.to_owned()));
        }
        let sdk = loader.load().await;
        let Some(profile) = profile else { return Self::new(checked(sdk)) };
        let chain = ProviderConfig::without_region()
            .with_region(sdk.region().cloned())
            .with_use_fips(sdk.use_fips())
            .with_use_dual_stack(sdk.use_dual_stack())
            .with_http_client(http);
        let provider =
            ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&chain).build();
        let provider = SharedCredentialsProvider::new(provider);
        Self::new(checked(sdk.into_builder().credentials_provider(provider).build()))
    }

    /// Whose credentials these are: an ARN.
    pub(crate) async fn caller(&self) -> Result<String, CallError> {
        Sts::of(&self.sdk).caller_arn().await
    }

    /// Clients of a given configuration.
    pub fn new(sdk: SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let sdk = sdk.into_builder().timeout_config(timeouts).build();
        let clock = AwsClock::new(sdk.time_source());
        Self {
            secrets: SecretsManager::new(&sdk, &clock),
            sns: OnceLock::new(),
            ses: OnceLock::new(),
            #[cfg(feature = "cli")]
            cloudtrail: OnceLock::new(),
            iam: Iam::new(&sdk),
            members: Arc::default(),
            clock,
            sdk,
        }
    }

    /// The region this function runs in. Lambda always sets it, and the command line refuses to begin
    /// without one; no region is taken for granted, since each partition has its own.
    pub(crate) fn region(&self) -> &str {
        self.sdk.region().map_or("", |region| region.as_ref())
    }

    /// Where every call goes instead of to AWS's own hosts, if something says so.
    #[cfg(feature = "cli")]
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.sdk.endpoint_url()
    }

    /// Whether anything says which region to call.
    pub(crate) fn has_region(&self) -> bool {
        self.sdk.region().is_some()
    }

    /// IAM in the function's own account.
    pub(crate) fn iam(&self) -> &Iam {
        &self.iam
    }

    /// SNS, for alerts.
    pub(crate) fn sns(&self) -> &Sns {
        self.sns.get_or_init(|| Sns::new(&self.sdk))
    }

    /// SES, for mails.
    pub(crate) fn ses(&self) -> &Ses {
        self.ses.get_or_init(|| Ses::new(&self.sdk))
    }

    /// Lambda: for a sweep that continues itself, and for who looks at functions.
    pub fn lambda(&self) -> Lambda {
        Lambda::new(&self.sdk)
    }

    /// KMS, for who looks after keys.
    #[cfg(feature = "cli")]
    pub(crate) fn kms(&self) -> Kms {
        Kms::new(&self.sdk)
    }

    /// CloudWatch Logs, for who wants to know why.
    #[cfg(feature = "cli")]
    pub(crate) fn logs(&self) -> Logs {
        Logs::new(&self.sdk)
    }

    /// CloudTrail, for who looks after rotations.
    #[cfg(feature = "cli")]
    pub(crate) fn cloudtrail(&self) -> &CloudTrail {
        self.cloudtrail.get_or_init(|| CloudTrail::new(&self.sdk))
    }

    /// The organization that this function's account manages.
    pub(crate) fn organizations(&self) -> Organizations {
        Organizations::new(&self.sdk)
    }

    /// Another account, through a role of that account.
    ///
    /// The role is assumed at the first call; the clients are kept, and renew their credentials.
    pub(crate) async fn member(&self, role: &MemberRole) -> Member {
        let mut members = self.members.lock().await;
        if let Some(member) = members.get(&role.arn) {
            return member.clone();
        }
        let member = self.assume(role).await;
        members.insert(role.arn.clone(), member.clone());
        member
    }

    async fn assume(&self, role: &MemberRole) -> Member {
        let mut provider = aws_config::sts::AssumeRoleProvider::builder(&role.arn)
            .session_name("iam-key-rotator")
            .configure(&self.sdk);
        if let Some(external_id) = &role.external_id {
            provider = provider.external_id(external_id);
        }
        let provider = SharedCredentialsProvider::new(provider.build().await);
        let sdk = self.sdk.to_builder().credentials_provider(provider).build();
        Member { iam: Iam::new(&sdk), secrets: SecretsManager::new(&sdk, &self.clock) }
    }

    /// STS of one region, called under a given access key.
    pub(crate) fn sts_as(&self, key: &crate::model::Credential, region: &str) -> Sts {
        Sts::new(&self.sdk, key, region)
    }
}

/// The same configuration, whose credentials are checked before they are used.
fn checked(sdk: SdkConfig) -> SdkConfig {
    match sdk.credentials_provider() {
        Some(provider) => sdk.into_builder().credentials_provider(usable::Usable::of(provider)).build(),
        None => sdk,
    }
}
