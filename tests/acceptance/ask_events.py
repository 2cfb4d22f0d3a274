"""Whether an event reaches the alert topic by the stack's own rule, role and target.

CreateAccessKey reaches EventBridge in IAM's region only, and through a trail. So the rule of the throwaway stack
listens to one more source for a moment, and that source sends an event of the same form. The target stays as deployed.
"""

import datetime
import json
import re

from progress import span
from unasked import Unasked, Unsettled
from waiting import until

SOURCE = "iam-key-rotator.acceptance"
HEADLINE = "ForeignKeyCreated"


class EventQuestions:
    def __init__(self, place, product, alerts, patience):
        self._place, self._product, self._alerts, self._patience = place, product, alerts, patience
        self._events, self._sent = place.client("events"), False
        # A topic and a queue stand between the event and its reader.
        self._delivery = max(patience, 60)

    def event_to_topic(self):
        if self._alerts is None:
            raise Unasked("there is no product whose alerts can be read")
        if self._alerts.missing:
            raise Unasked(self._alerts.missing)
        if self._product.stack is None:
            raise Unasked("the rule of a stack that exists is not changed")
        rule = self._events.describe_rule(Name=self._made("AWS::Events::Rule"))
        pattern = json.loads(rule["EventPattern"])
        self._put(rule, pattern | {"source": [*pattern["source"], SOURCE]})
        try:
            arrived = until(self._send, self._delivery, self._place.poll() * 5)
        finally:
            self._put(rule, pattern)
        if arrived:
            headline = re.search(r"[\w: ]+", arrived["Message"])[0]
            return f"yes, asked by an event of our own: {headline}"
        waited = f"nothing within {span(self._delivery)}"
        if not self._sent:
            raise Unsettled("PutEvents took no event")
        # AWS's metrics of a rule come some minutes late.
        counted = max(self._patience, 300) if self._place.real() else self._patience
        tried = until(lambda: self._counted(rule["Name"]), counted, self._place.poll() * 5)
        if not tried:
            raise Unsettled(f"{waited}, and no metric shows that the rule matched an event")
        return f"no, asked by an event of our own: {waited}; {tried}{self._undelivered()}"

    def _counted(self, rule):
        """What CloudWatch counted of the rule, where it matched an event."""
        now = datetime.datetime.now(datetime.timezone.utc)
        given = {"Namespace": "AWS/Events", "Dimensions": [{"Name": "RuleName", "Value": rule}], "Period": 60}
        window = {"StartTime": now - datetime.timedelta(hours=1), "EndTime": now, "Statistics": ["Sum"]}
        counts = {}
        for metric in ("MatchedEvents", "FailedInvocations"):
            answer = self._place.client("cloudwatch").get_metric_statistics(MetricName=metric, **given, **window)
            counts[metric] = int(sum(each["Sum"] for each in answer["Datapoints"]))
        return ", ".join(f"{metric} {count}" for metric, count in counts.items()) if counts["MatchedEvents"] else ""

    def _put(self, rule, pattern):
        kept = {name: rule[name] for name in ("Name", "Description", "State") if name in rule}
        self._events.put_rule(**kept, EventPattern=json.dumps(pattern))

    def _send(self):
        """An event until a message arrives: the rule's new pattern takes effect some time later."""
        marker = self._place.names.of("event")
        detail = {
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateAccessKey",
            "requestParameters": {"userName": marker},
            "userIdentity": {"arn": self._place.caller},
            "sourceIPAddress": "192.0.2.1",
        }
        entry = {"Source": SOURCE, "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(detail)}
        if self._events.put_events(Entries=[entry])["FailedEntryCount"]:
            # Asked again with the next look.
            return None
        self._sent = True
        return self._alerts.with_text(HEADLINE, marker, self._place.poll() * 5, self._place.poll())

    def _undelivered(self):
        """What EventBridge wrote beside an event that it could not deliver."""
        client = self._place.client("sqs")
        url = self._made("AWS::SQS::Queue", "Undelivered")
        asked = {"QueueUrl": url, "MessageAttributeNames": ["All"], "WaitTimeSeconds": 1}
        for message in client.receive_message(**asked).get("Messages", []):
            attributes = message.get("MessageAttributes", {})
            code = attributes.get("ERROR_CODE", {}).get("StringValue", "no code")
            return f"; in the queue for undelivered events: {code}"
        return "; nothing in the queue for undelivered events"

    def _made(self, kind, part=""):
        """The physical id of the stack's resource of a type."""
        resources = self._place.client("cloudformation").describe_stack_resources(StackName=self._product.stack)
        of_kind = [each for each in resources["StackResources"] if each["ResourceType"] == kind]
        found = next((each["PhysicalResourceId"] for each in of_kind if part in each["LogicalResourceId"]), None)
        if found is None:
            raise Unasked(f"the stack has no {kind} {part}".strip())
        return found
