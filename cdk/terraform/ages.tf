# Ages that no key could keep to are refused while planning, as the CDK does.

locals {
  spans = {
    overlap             = var.overlap
    rotate_after        = var.rotate_after
    max_age             = var.max_age
    propagation_timeout = var.propagation_timeout
  }
  seconds = { for name, span in local.spans :
    name => tonumber(regex("^[0-9]+", span)) * lookup({ s = 1, m = 60, h = 3600, d = 86400 }, regex("[smhd]?$", span), 0)
  }
  # With in_use = wait AWS must have had four hours to report a key's last use.
  active = var.in_use == "wait" ? max(local.seconds.overlap, 4 * 3600) : local.seconds.overlap
  # In an audit a superseded key stays active until the next rotation. Else the first sweep after its time ends it.
  retired = var.mode == "audit" ? 2 * local.seconds.rotate_after : local.seconds.rotate_after + local.active + 3600
  age     = local.seconds.overlap == 0 ? local.seconds.rotate_after : local.retired
}
