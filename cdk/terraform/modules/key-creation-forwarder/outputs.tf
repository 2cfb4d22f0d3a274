output "rule_arn" {
  description = "ARN of the rule that forwards the events."
  value       = aws_cloudwatch_event_rule.this.arn
}
