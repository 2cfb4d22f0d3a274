# The rotator from Terraform: the released template as a stack, and secrets that Terraform makes but never reads.
#
# Put the zips of a release (or of `make package`) into a bucket of this region first:
#   aws s3 cp rotation-x86_64.zip s3://BUCKET/iam-key-rotator/0.1.0/
#   aws s3 cp sweep-x86_64.zip    s3://BUCKET/iam-key-rotator/0.1.0/

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "code_bucket" {
  type        = string
  description = "Bucket with the zips, in the provider's region"
}

variable "users" {
  type        = set(string)
  description = "Names of the IAM users whose keys rotate"
}

resource "aws_cloudformation_stack" "rotator" {
  name          = "iam-key-rotator"
  capabilities  = ["CAPABILITY_IAM"]
  template_body = file("${path.module}/../../templates/iam-key-rotator.template.json")

  parameters = {
    CodeBucket = var.code_bucket
    AlertEmail = "ops@example.com"
    Mode       = "retire" # the default; "audit" only reports, "enforce" also rotates and enrolls
  }
}

# The tag is what lets the rotator touch this user's keys. Terraform must not make keys of its own: an
# aws_iam_access_key would keep the secret in Terraform's state, and be a stranger to the rotator.
resource "aws_iam_user" "rotated" {
  for_each = var.users
  name     = each.value
  tags = {
    "iam-key-rotator:rotate" = "true"
    # The one secret that may hold this user's keys. By its name: the ARN is not known yet.
    "iam-key-rotator:secret" = "iam-key/${each.value}"
  }
}

resource "aws_secretsmanager_secret" "key" {
  for_each = var.users
  name     = "iam-key/${each.value}"
  tags     = { "iam-key-rotator:user" = each.value }

  lifecycle {
    # Between two rotations the rotator keeps a tag of its own here (iam-key-rotator:intent), and the command line
    # may set overlaps. Without this line every plan would take them off.
    ignore_changes  = [tags, tags_all]
    prevent_destroy = true
  }
}

# The first value names the user and holds no key. The rotator writes every later version; Terraform must not put
# this one back.
resource "aws_secretsmanager_secret_version" "first" {
  for_each      = var.users
  secret_id     = aws_secretsmanager_secret.key[each.value].id
  secret_string = jsonencode({ UserName = each.value })

  lifecycle {
    ignore_changes = [secret_string, version_stages]
  }
}

resource "aws_secretsmanager_secret_rotation" "key" {
  for_each            = var.users
  secret_id           = aws_secretsmanager_secret_version.first[each.value].secret_id
  rotation_lambda_arn = aws_cloudformation_stack.rotator.outputs["RotationFunctionArn"]

  rotation_rules {
    automatically_after_days = 90
  }

  # The function may touch a user only once it carries the tag.
  depends_on = [aws_iam_user.rotated]
}

# Where ignore_changes on each secret is too much, tell the provider once:
#
# provider "aws" {
#   ignore_tags {
#     key_prefixes = ["iam-key-rotator:"]
#   }
# }
