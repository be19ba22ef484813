"""The sealed package as bytes: format, limits, signatures, keys. It knows nothing of workspaces."""
