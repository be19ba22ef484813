"""The encrypted workspace at rest. The only package that speaks SQL."""
