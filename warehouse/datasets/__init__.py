"""Business datasets: one file a dataset, each a declaration with the rule that builds its rows."""
