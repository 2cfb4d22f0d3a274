# Keys that AWS reports as exposed: an alert, or, with -var exposed=rotate, a new key and the end of the old one. The
# rotator is in eu-west-1. AWS Health has its global events in us-east-1, and a backup of them in us-west-2.

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
  alias  = "us_east_1"
  region = "us-east-1"
}

provider "aws" {
  alias  = "us_west_2"
  region = "us-west-2"
}

variable "code_bucket" {
  type        = string
  description = "Bucket with the zips, in eu-west-1"
}

variable "exposed" {
  type        = string
  description = "Begin with alert, and read what the alerts say"
  default     = "alert"
}

module "iam_key_rotator" {
  source = "../.."

  code_bucket        = var.code_bucket
  alert_emails       = ["ops@example.com"]
  exposed            = var.exposed
  watch_exposed_keys = true
}

# IAM's own events come from us-east-1 too.
module "key_creation" {
  source    = "../../modules/key-creation-forwarder"
  providers = { aws = aws.us_east_1 }

  rotator_region = "eu-west-1"
}

module "exposed_us_east_1" {
  source    = "../../modules/exposed-key-forwarder"
  providers = { aws = aws.us_east_1 }

  rotator_region = "eu-west-1"
}

module "exposed_us_west_2" {
  source    = "../../modules/exposed-key-forwarder"
  providers = { aws = aws.us_west_2 }

  rotator_region = "eu-west-1"
}
