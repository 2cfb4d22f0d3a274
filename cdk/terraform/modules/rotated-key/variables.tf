variable "rotator" {
  description = "The rotator: the module of this repository, as module.iam_key_rotator. It must be in the same region."
  type = object({
    rotation_function_arn = string
    rotation_role_arn     = string
    secret_name           = string
  })
}

variable "user" {
  description = "Whose key it is: an aws_iam_user, or its name and ARN. The user needs the tag that puts it in scope."
  type = object({
    name = string
    arn  = string
  })
}

variable "secret_name" {
  description = "Name of the secret. Null: as the rotator names secrets after users."
  type        = string
  default     = null
}

variable "schedule" {
  description = "When the key rotates: rate(…) or cron(…), at least 4 hours apart. A change rotates at once, unless rotate_immediately is false."
  type        = string
  default     = "rate(90 days)"

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.schedule))
    error_message = "schedule is rate(…) or cron(…)."
  }
}

variable "rotate_immediately" {
  description = "Whether the key rotates as soon as the secret has its schedule, and at each change of it. A secret without a value needs true."
  type        = bool
  default     = true
}

variable "kms_key" {
  description = "Customer key of the secret. The rotation function may then use it, through Secrets Manager alone. Null: the account's key aws/secretsmanager."
  type        = object({ arn = string })
  default     = null
}

variable "replica_regions" {
  description = "Regions that get a replica of the secret."
  type        = set(string)
  default     = []
}

variable "readers" {
  description = "ARNs of roles and users that may read the secret beside the user itself."
  type        = list(string)
  default     = []
}

variable "refuse_others" {
  description = "Whether the value is denied to all but the user, the readers and the rotation function. Name the roles of your administrators among the readers."
  type        = bool
  default     = false
}
