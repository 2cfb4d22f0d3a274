"""List prices in US dollars. The only figures of the page that were not measured here.

For US East (N. Virginia), without free tiers. The pages named were not open to whoever wrote this:
the figures are as others quote them, SES's from AWS's price list of July 2026; look them up anew
before relying on the result.
"""

NOTED = "November 2026"

# https://aws.amazon.com/lambda/pricing/: arm64, first tier.
LAMBDA_GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20 / 1_000_000
# https://aws.amazon.com/secrets-manager/pricing/
SECRET_MONTH = 0.40
SECRETS_MANAGER_CALL = 0.05 / 10_000
# https://aws.amazon.com/sns/pricing/
SNS_REQUEST = 0.50 / 1_000_000
# https://aws.amazon.com/ses/pricing/: the plan of new accounts since July 2026.
SES_MAIL = 0.16 / 1_000
# https://www.hashicorp.com/products/vault/pricing: HCP Vault Dedicated, the smallest
# production cluster, by the hour, clients not counted. From memory: nothing confirmed it.
VAULT_HOUR = 1.578

PAGES = {
    "Lambda": "https://aws.amazon.com/lambda/pricing/",
    "Secrets Manager": "https://aws.amazon.com/secrets-manager/pricing/",
    "SNS": "https://aws.amazon.com/sns/pricing/",
    "SES": "https://aws.amazon.com/ses/pricing/",
    "HCP Vault": "https://www.hashicorp.com/products/vault/pricing",
}
