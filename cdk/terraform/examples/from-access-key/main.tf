# A key that aws_iam_access_key made, moved out of Terraform. Consumers read the same secret as before, and the key in it
# works until the overlap after the first rotation has ended. before/main.tf is the configuration that this replaces.

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

# Terraform forgets the key, and AWS keeps it.
removed {
  from = aws_iam_access_key.ci

  lifecycle {
    destroy = false
  }
}

# And the version: once the rotator's versions have superseded it, AWS deletes it, and Terraform would put it back.
removed {
  from = aws_secretsmanager_secret_version.ci

  lifecycle {
    destroy = false
  }
}

# The secret stays, with the key in it.
moved {
  from = aws_secretsmanager_secret.ci
  to   = module.ci_key.aws_secretsmanager_secret.this
}

resource "aws_iam_user" "ci" {
  name = "ci-bot"
  tags = {
    "iam-key-rotator:rotate" = "true"
    "iam-key-rotator:secret" = "ci/aws-key"
  }
}

module "iam_key_rotator" {
  source = "../.."

  code_bucket  = var.code_bucket
  alert_emails = ["ops@example.com"]
}

# The first rotation begins with this apply. It makes a new key, and leaves the old one active for the overlap.
module "ci_key" {
  source = "../../modules/rotated-key"

  rotator     = module.iam_key_rotator
  user        = aws_iam_user.ci
  secret_name = "ci/aws-key"
}
