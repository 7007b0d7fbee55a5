"""The REST API (contract, section 5)."""
