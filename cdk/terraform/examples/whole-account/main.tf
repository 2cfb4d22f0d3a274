# Every user of the account who is not exempt: the sweep creates the secrets, and no key is older than 90 days unless it
# is reported as in use.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "code_bucket" {
  type        = string
  description = "Bucket with the zips, in us-east-1"
}

variable "mode" {
  type        = string
  description = "Begin with audit, and read what enforce would do"
  default     = "audit"
}

module "iam_key_rotator" {
  source = "../.."

  code_bucket  = var.code_bucket
  users        = "everyone"
  mode         = var.mode
  scope        = "all"
  rotate_after = "80d"
  max_age      = var.mode == "audit" ? "0" : "90d"
  exempt_users = ["break-glass*"]
  alert_emails = ["ops@example.com"]

  # Whoever may set the rotator's tags decides whose keys rotate: the output is a policy for AWS Organizations.
  enrollment_roles = ["arn:aws:iam::111122223333:role/Terraform"]
}

output "service_control_policy" {
  description = "Denies the rotator's tags to all other roles"
  value       = module.iam_key_rotator.service_control_policy
}
