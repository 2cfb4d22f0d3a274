"""The real sweep and the real rotation function on moto, whose own engine runs between them.

What moto 5.2.5 gets wrong, and these tests live with:
- its credential report says of every key that it was changed in 2015, so users that are exempt by name
  look too old from afar: the sweep visits them, sees that they are not, and lets them be;
- any key is accepted, inactive and deleted ones too: what works is told by the keys' statuses;
- RotateSecret answers only when the last step has ended, and without the function's ARN forgets it;
- the answers of IAM have one page, whatever is asked for; ListSecrets has several.
"""

import pytest

from fleet_scene import DUE, DUE_USERS, QUIET, FleetScene, secret_of
from lambda_function import RotationFunction, SweepFunction, environment
from standins import moto

ROTATION = "arn:aws:lambda:eu-west-1:123456789012:function:rotation"
SWEEP = "arn:aws:lambda:eu-west-1:123456789012:function:sweep"


@pytest.fixture(scope="module")
def play():
    """The scene, and the rotation function behind moto's Lambda service."""
    with RotationFunction(ROTATION) as rotation, moto(rotation.url) as aws:
        rotation.start(environment(aws.endpoint))
        aws.iam.create_role(RoleName="rotation", AssumeRolePolicyDocument="{}")
        # The code is never run: the function is the binary.
        aws.client("lambda").create_function(
            FunctionName="rotation",
            Role="arn:aws:iam::123456789012:role/rotation",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Code={"ZipFile": b"none"},
        )
        yield FleetScene(aws, ROTATION), rotation


def swept(scene, mode, **settings):
    with SweepFunction(SWEEP, scene.environment(mode, **settings)) as sweep:
        answer = sweep.invoke({})
    assert (answer["outcome"], answer["failures"]) == ("done", 0), answer
    return answer


def test_an_audit_of_many_pages_names_everybody_who_is_due_and_changes_nothing(play):
    scene, rotation = play
    answer = swept(scene, "audit")
    assert answer["users"]["total"] == QUIET + DUE
    assert answer["actions"] == {"enroll": DUE, "request-rotation": DUE}
    assert len(scene.secrets()) == QUIET and rotation.outcomes == []
    assert scene.all_keys() == dict.fromkeys(DUE_USERS, ["Active"])


def test_enforcing_gives_each_of_them_a_secret_and_a_new_key(play):
    scene, rotation = play
    assert swept(scene, "enforce")["actions"] == {"enroll": DUE, "request-rotation": DUE}
    assert len(rotation.outcomes) == 4 * DUE
    assert not any(outcome["failed"] for outcome in rotation.outcomes)
    assert scene.all_keys() == dict.fromkeys(DUE_USERS, ["Active", "Active"])
    for user in DUE_USERS:
        assert scene.identity(scene.value(secret_of(user))).endswith(f":user/{user}")


def test_the_sweeps_that_follow_deactivate_and_delete_what_was_superseded(play):
    scene, rotation = play
    scene.a_second_passes()
    # A key is not due again meanwhile, and nobody waits four hours for news of its last use.
    later = {"ROTATOR_ROTATE_AFTER": "90d", "ROTATOR_OVERLAP": "1s", "ROTATOR_IN_USE": "deactivate"}
    assert swept(scene, "enforce", **later, ROTATOR_RECOVERY="1h")["actions"] == {"deactivate": DUE}
    assert scene.all_keys() == dict.fromkeys(DUE_USERS, ["Inactive", "Active"])
    # The same again: there is nothing to do, and nothing is done.
    assert swept(scene, "enforce", **later, ROTATOR_RECOVERY="1h")["actions"] == {}
    scene.a_second_passes()
    deleted = swept(scene, "enforce", **later, ROTATOR_RECOVERY="1s")["actions"]
    assert deleted["delete"] == DUE
    assert scene.all_keys() == dict.fromkeys(DUE_USERS, ["Active"])
    for user in DUE_USERS:
        assert scene.identity(scene.value(secret_of(user))).endswith(f":user/{user}")
