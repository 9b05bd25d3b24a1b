"""The world model: what sub-actions need and do, and what can be done next."""
