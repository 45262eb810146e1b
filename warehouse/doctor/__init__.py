"""Tell what keeps the warehouse from working, each finding with its cure. Prints nothing."""
