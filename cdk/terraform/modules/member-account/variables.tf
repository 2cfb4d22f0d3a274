variable "rotation_role_arn" {
  description = "Output rotation_role_arn of the rotator in the central account."
  type        = string

  validation {
    condition     = can(regex("^arn:[^*]+$", var.rotation_role_arn))
    error_message = "rotation_role_arn is the full ARN of a role."
  }
}

variable "sweep_role_arn" {
  description = "Output sweep_role_arn of the rotator in the central account."
  type        = string

  validation {
    condition     = can(regex("^arn:[^*]+$", var.sweep_role_arn))
    error_message = "sweep_role_arn is the full ARN of a role."
  }
}

variable "external_id" {
  description = "members.external_id of the rotator."
  type        = string

  validation {
    condition     = can(regex("^[\\w+=,.@:/-]+$", var.external_id)) && length(var.external_id) >= 2
    error_message = "external_id has at least 2 letters, digits or +=,.@:/-_."
  }
}

variable "role_name" {
  description = "members.role_name of the rotator: what the names of both roles begin with, with a path if they have one, as /security/keys."
  type        = string
  default     = "iam-key-rotator"

  validation {
    condition     = can(regex("^(/([\\w+=,.@-]+/)*)?[\\w+=,.@-]{1,40}$", var.role_name))
    error_message = "role_name is the name of a role, or a path and a name, as /security/keys."
  }
}

variable "mode" {
  description = "mode of the rotator. In an audit the sweep's role changes nothing."
  type        = string
  default     = "retire"

  validation {
    condition     = contains(["audit", "retire", "enforce"], var.mode)
    error_message = "mode is audit, retire or enforce."
  }
}

variable "users" {
  description = "Whose keys may be changed in this account: tagged, under-path or everyone."
  type        = string
  default     = "tagged"

  validation {
    condition     = contains(["tagged", "under-path", "everyone"], var.users)
    error_message = "users is tagged, under-path or everyone."
  }
}

variable "user_tag_value" {
  description = "With users = tagged: the value that the tag iam-key-rotator:rotate must have."
  type        = string
  default     = "true"

  validation {
    condition     = can(regex("^[\\p{L}\\p{N}\\p{Z}_.:/=+@-]+$", var.user_tag_value))
    error_message = "user_tag_value is the value of a tag: letters, digits, spaces and _.:/=+@- only, and not empty."
  }
}

variable "user_path" {
  description = "Path that users must be below, with a slash at both ends. With users = under-path it decides alone; with users = tagged it limits further."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([!#-.0-[\\]-~]+/)*$", var.user_path))
    error_message = "user_path begins and ends with a slash, as /service/."
  }

  validation {
    condition     = var.users != "under-path" || var.user_path != "/"
    error_message = "users is under-path, and user_path is every user's: name a path such as /service/, or set users to everyone."
  }

  validation {
    condition     = var.users != "everyone" || var.user_path == "/"
    error_message = "users is everyone, which has no path: set users to under-path, or leave user_path out."
  }
}

variable "exempt_group" {
  description = "exempt_group of the rotator."
  type        = string
  default     = "IAMKeyRotationExemptionGroup"

  validation {
    condition     = can(regex("^[\\w+=,.@-]+$", var.exempt_group))
    error_message = "exempt_group is the name of an IAM group."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of both roles, where the organization demands one of its own. Without it they get one each."
  type        = string
  default     = null
}
