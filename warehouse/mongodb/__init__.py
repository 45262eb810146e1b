"""Reach MongoDB: the one that MONGODB_URI names, or an embedded one."""
