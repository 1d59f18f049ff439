"""Serializers: from a row of an `_api` view to the JSON of a resource."""
