"""Who may see what: an instance's permission tables, and the filter that they make for a user."""
