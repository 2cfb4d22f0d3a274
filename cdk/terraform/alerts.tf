# The topic for failures and findings, the alarms and the dashboard.

locals {
  alert_topic_arn = var.alert_topic == null ? "arn:${local.partition}:sns:${local.region}:${local.account}:${var.name}-alerts" : var.alert_topic.arn
}

resource "aws_sns_topic" "alerts" {
  count             = var.alert_topic == null ? 1 : 0
  name              = "${var.name}-alerts"
  display_name      = "iam-key-rotator"
  kms_master_key_id = try(var.alert_key.arn, null)
}

resource "aws_sns_topic_policy" "alerts" {
  count  = var.alert_topic == null ? 1 : 0
  arn    = aws_sns_topic.alerts[0].arn
  policy = templatefile("${local.documents}/topic.json.tftpl", local.values)
}

resource "aws_sns_topic_subscription" "alerts" {
  for_each  = toset(var.alert_emails)
  topic_arn = var.alert_topic == null ? aws_sns_topic.alerts[0].arn : var.alert_topic.arn
  protocol  = "email"
  endpoint  = each.value
}

locals {
  # CloudFormation's names, as synthesis writes them.
  account_alarms = jsondecode(templatefile("${local.documents}/alarms.json.tftpl", merge(local.values, {
    hourly = var.schedule == "rate(1 hour)"
  })))
  organization_alarms = jsondecode(!local.organization ? "[]" : templatefile("${local.documents}/organization-alarms.json.tftpl", merge(local.values, {
    # Two hours more than the longest gap, and twelve for the longest run. A schedule of working days has 72.
    organization_hours = try(var.organization.schedule, null) == "rate(1 hour)" ? 15 : 86
  })))
  # What is not there has no alarm.
  unwatched = compact([
    local.organization ? "SweepMissing" : "",
    var.watch_key_creation ? "" : "AlertUndelivered",
  ])
  # In the order in which the dashboard shows them.
  listed_alarms = [for alarm in concat(local.account_alarms, local.organization_alarms) : alarm if !contains(local.unwatched, alarm.Name)]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = { for alarm in local.listed_alarms : alarm.Name => alarm }
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.AlarmDescription
  comparison_operator = each.value.ComparisonOperator
  evaluation_periods  = each.value.EvaluationPeriods
  threshold           = each.value.Threshold
  treat_missing_data  = each.value.TreatMissingData
  namespace           = try(each.value.Namespace, null)
  metric_name         = try(each.value.MetricName, null)
  statistic           = try(each.value.Statistic, null)
  period              = try(each.value.Period, null)
  dimensions          = try({ for dimension in each.value.Dimensions : dimension.Name => dimension.Value }, null)
  alarm_actions       = [local.alert_topic_arn]
  ok_actions          = [local.alert_topic_arn]

  dynamic "metric_query" {
    for_each = try(each.value.Metrics, [])
    content {
      id          = metric_query.value.Id
      expression  = try(metric_query.value.Expression, null)
      label       = try(metric_query.value.Label, null)
      return_data = metric_query.value.ReturnData

      dynamic "metric" {
        for_each = try([metric_query.value.MetricStat], [])
        content {
          namespace   = metric.value.Metric.Namespace
          metric_name = metric.value.Metric.MetricName
          dimensions  = { for dimension in metric.value.Metric.Dimensions : dimension.Name => dimension.Value }
          period      = metric.value.Period
          stat        = metric.value.Stat
        }
      }
    }
  }

  depends_on = [aws_sns_topic_policy.alerts]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = templatefile("${local.documents}/dashboard.json.tftpl", merge(local.values, {
    alarm_arns = [for alarm in local.listed_alarms : aws_cloudwatch_metric_alarm.this[alarm.Name].arn]
  }))
}
