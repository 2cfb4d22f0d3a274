# What there is before: Terraform makes the key, so that its secret half is in every state file, and copies it into a
# secret that consumers read.

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

resource "aws_iam_user" "ci" {
  name = "ci-bot"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_secretsmanager_secret" "ci" {
  name = "ci/aws-key"
  # Set these before the move: the module leaves tags alone, since the rotator sets some of its own.
  tags = { "iam-key-rotator:user" = "ci-bot" }
}

resource "aws_secretsmanager_secret_version" "ci" {
  secret_id = aws_secretsmanager_secret.ci.id
  secret_string = jsonencode({
    AccessKeyId     = aws_iam_access_key.ci.id
    SecretAccessKey = aws_iam_access_key.ci.secret
  })
}
