# The environment of the functions. What is not set is left out, so that the function takes its default.

locals {
  keys = {
    ROTATOR_OVERLAP            = var.overlap
    ROTATOR_RECOVERY           = var.recovery
    ROTATOR_IN_USE             = var.in_use
    ROTATOR_UNKNOWN_KEYS       = var.unknown_keys
    ROTATOR_ALERT_TOPIC_ARN    = local.alert_topic_arn
    ROTATOR_EMAIL_FROM         = var.email_from
    ROTATOR_EMAIL_TAG          = var.email_tag
    ROTATOR_EMAIL_DOMAIN       = var.email_domain
    ROTATOR_ADMIN_EMAIL        = var.admin_email
    ROTATOR_CONTACT            = var.contact
    ROTATOR_EMAIL_TEMPLATE     = var.email_template
    ROTATOR_SECRET_NAME        = var.secret_name
    ROTATOR_SECRET_SHAPE       = join(",", var.secret_shape)
    ROTATOR_MODE               = var.mode
    ROTATOR_EXEMPT_USERS       = join(",", var.exempt_users)
    ROTATOR_EXEMPT_GROUP       = var.exempt_group
    ROTATOR_EXEMPT_TAG         = var.exempt_tag
    ROTATOR_MEMBER_EXTERNAL_ID = try(var.members.external_id, null)
  }

  rotation_environment = { for name, value in merge(local.keys, {
    ROTATOR_TEST_REGIONS        = join(",", var.test_regions)
    ROTATOR_PROPAGATION_TIMEOUT = var.propagation_timeout
    ROTATOR_MEMBER_ROLE         = local.members ? "${var.members.role_name}-rotation" : null
  }) : name => value if value != null && value != "" }

  sweep_environment = { for name, value in merge(local.keys, {
    # A list ends in a semicolon, which is how the sweep tells a single name from a misspelt word.
    ROTATOR_SCOPE                 = length(var.scope_secrets) == 0 ? var.scope : "${join(";", var.scope_secrets)};"
    ROTATOR_EXPOSED               = var.exposed
    ROTATOR_ROTATE_AFTER          = var.rotate_after
    ROTATOR_WARN_BEFORE           = var.warn_before
    ROTATOR_MAX_AGE               = var.max_age
    ROTATOR_REPLICA_REGIONS       = join(",", var.replica_regions)
    ROTATOR_MEMBER_ROLE           = local.members ? "${var.members.role_name}-sweep" : null
    ROTATOR_SECRETS_IN            = local.members ? "central" : null
    ROTATOR_ROTATION_FUNCTION_ARN = local.values.rotation_function_arn
    ROTATOR_ROTATION_ROLE_ARN     = var.refuse_others ? local.values.rotation_role_arn : null
    ROTATOR_KMS_KEY_ID            = try(var.created_secrets_key.arn, null)
  }) : name => value if value != null && value != "" }
}
