variable "name" {
  description = "What the names of the resources begin with: name of the rotator."
  type        = string
  default     = "iam-key-rotator"
}

variable "rotator_region" {
  description = "Region of the rotator, to which CreateAccessKey events are sent."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.rotator_region))
    error_message = "rotator_region is a region such as eu-west-1."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role, where the organization demands one."
  type        = string
  default     = null
}
