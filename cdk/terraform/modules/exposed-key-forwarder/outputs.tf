output "rule_arns" {
  description = "ARNs of the rules that forward the events."
  value       = [for rule in aws_cloudwatch_event_rule.this : rule.arn]
}
