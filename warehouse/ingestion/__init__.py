"""From ERPNext to MongoDB: one run of one instance."""
