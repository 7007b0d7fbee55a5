"""The element ids of the page that compares two runs."""

LOCATION = "compare-location"
BODY = "compare-body"
ZONE = "compare-zone"
