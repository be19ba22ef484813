"""秀洲乡村台账 (xzdesk): village ledgers recorded offline, sealed in packages, measured against the plan."""

__version__ = "0.1.0"
