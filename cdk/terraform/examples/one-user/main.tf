# One user whose key rotates every 90 days. The rotator is in eu-west-1; IAM's events come from us-east-1.

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
  region = "eu-west-1"
}

provider "aws" {
  alias  = "iam"
  region = "us-east-1"
}

variable "code_path" {
  type        = string
  description = "Folder with the zips of a release, or of `make package`"
}

module "iam_key_rotator" {
  source = "../.."

  code_path    = var.code_path
  alert_emails = ["ops@example.com"]
}

module "forwarder" {
  source    = "../../modules/key-creation-forwarder"
  providers = { aws = aws.iam }

  rotator_region = "eu-west-1"
}

resource "aws_iam_user" "ci" {
  name = "ci-bot"
  tags = {
    # Lets the rotator change this user's keys.
    "iam-key-rotator:rotate" = "true"
    # The one secret that may hold them.
    "iam-key-rotator:secret" = "iam-key/ci-bot"
  }
}

module "ci_key" {
  source = "../../modules/rotated-key"

  rotator = module.iam_key_rotator
  user    = aws_iam_user.ci
}

output "secret_arn" {
  description = "Where the key is"
  value       = module.ci_key.secret_arn
}
