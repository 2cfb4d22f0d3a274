# An organization: the rotator is in a delegated administrator's account, and member accounts have two roles each.
# A StackSet with cdk/templates/iam-key-rotator-member.template.json makes the same roles in every account.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

# The delegated administrator's account.
provider "aws" {
  region = "us-east-1"
}

# One member account. Each has a provider, or a workspace, of its own.
provider "aws" {
  alias  = "workload"
  region = "us-east-1"
}

variable "code_bucket" {
  type        = string
  description = "Bucket with the zips, in us-east-1"
}

variable "external_id" {
  type        = string
  description = "A word of your own that no other deployment has, such as `openssl rand -hex 16` makes"
}

module "iam_key_rotator" {
  source = "../.."

  code_bucket          = var.code_bucket
  secret_name          = "Account_{account}_User_{user}_AccessKey"
  members              = { external_id = var.external_id }
  organization         = { unit = "ou-ab12-cdefgh34" }
  reserved_concurrency = 0
  alert_emails         = ["ops@example.com"]
}

module "workload" {
  source    = "../../modules/member-account"
  providers = { aws = aws.workload }

  rotation_role_arn = module.iam_key_rotator.rotation_role_arn
  sweep_role_arn    = module.iam_key_rotator.sweep_role_arn
  external_id       = var.external_id
}
