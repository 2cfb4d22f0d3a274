variable "name" {
  description = "What the names of the resources begin with: name of the rotator."
  type        = string
  default     = "iam-key-rotator"
}

variable "rotator_region" {
  description = "Region of the rotator, to which reports of exposed keys are sent."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.rotator_region))
    error_message = "rotator_region is a region such as eu-west-1."
  }
}

variable "rotator_account" {
  description = "Account of the rotator. Its default bus must let this account put events. Null: this account."
  type        = string
  default     = null

  validation {
    condition     = var.rotator_account == null || can(regex("^[0-9]{12}$", var.rotator_account))
    error_message = "rotator_account is an account's twelve digits."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role, where the organization demands one."
  type        = string
  default     = null
}
