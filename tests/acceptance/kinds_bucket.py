"""The bucket of a run. S3 refuses to delete one before its objects, their versions and unfinished uploads are gone."""

from botocore.exceptions import ClientError

from kinds import Kind, Thing, asking, day, is_gone, pages
from names import PREFIX, REGION_TAG, TAG, ours, run_of, values_of


def buckets(place):
    """Of every region."""
    every = pages(place.client("s3"), "list_buckets", "Buckets", Prefix=PREFIX)
    things = [thing_of(place, each["Name"], day(each.get("CreationDate"))) for each in every if ours(each["Name"])]
    return [each for each in things if each]


def thing_of(place, name, created):
    """One without tags is ours by its whole name: a run may have ended before it could tag it."""
    tags, run = bucket_tags(place, name), run_of(name)
    if tags.get(TAG) == run:
        return Thing(name, run, tags.get(REGION_TAG, ""), created)
    region = region_of(place, name) if not tags and name.endswith(f"-{place.account}") else None
    return Thing(name, run, region, created) if region else None


def bucket_tags(place, name):
    try:
        return values_of(place.client("s3").get_bucket_tagging(Bucket=name)["TagSet"])
    except ClientError as error:
        if is_gone(error):
            return {}
        raise


def region_of(place, name):
    """None if it is gone."""
    try:
        # S3's first region has no name there.
        return place.client("s3").get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    except ClientError as error:
        if is_gone(error):
            return None
        raise


def delete_bucket(place, name):
    client = place.client("s3")
    for listed in ("Versions", "DeleteMarkers"):
        for item in pages(client, "list_object_versions", listed, Bucket=name):
            client.delete_object(Bucket=name, Key=item["Key"], VersionId=item["VersionId"])
    for upload in pages(client, "list_multipart_uploads", "Uploads", Bucket=name):
        client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    client.delete_bucket(Bucket=name)


BY_HAND = "aws s3 rb --force s3://{}".format
BUCKET = Kind("bucket", buckets, asking("s3", "get_bucket_location", "Bucket"), delete_bucket, BY_HAND)
