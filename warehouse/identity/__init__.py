"""Which records of several ERPNext are the same party or the same item, and how that is known."""
